import { attachBody, detachBody, type AttachBody, type EndpointJson } from '../../../api/schemas/endpoint.ts';
import type { Name } from '../../../model/name.ts';
import { Chance } from '../simulation/chance.ts';
import type { Machine } from '../simulation/machine.ts';
import { Sea } from '../simulation/sea.ts';

/** Milliseconds of simulated time that anything may take. */
const patience = 120_000;

/** Ids as on any day, and no delays: what an operation takes is the same however much else is asked for. */
class Calm extends Chance {
  override is(): boolean {
    return false;
  }
}

/** Two machines: one that dies, and another that takes part in everything and lives. */
export class Stage implements AsyncDisposable {
  readonly sea: Sea;

  private constructor(seed: number) {
    this.sea = new Sea(seed, 2, true, new Calm(seed));
  }

  static async begin(seed: number): Promise<Stage> {
    const stage = new Stage(seed);
    for (const machine of stage.sea.machines) machine.start();
    await stage.until('both to be ready', () => stage.sea.ready.length === 2);
    return stage;
  }

  /** The one that dies. */
  get actor(): Machine {
    return this.sea.machines[0] as Machine;
  }

  get other(): Machine {
    return this.sea.machines[1] as Machine;
  }

  /** Lets time pass until it holds. @throws when it never does. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const { clock } = this.sea;
    const end = clock.monotonic() + patience;
    for (let step = 0; !holds(); step += 1) {
      if (clock.monotonic() > end) throw new Error(`never came true: ${what}`);
      if (step < 20) await clock.advance(0);
      else await this.sea.pass(25);
    }
  }

  async settled<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const mark = (): void => {
      isSettled = true;
    };
    promise.then(mark, mark);
    await this.until('a call to be answered', () => isSettled);
    return promise;
  }

  /** A network, in the views of both. */
  async network(name: string, ...subnets: readonly string[]): Promise<void> {
    const { service } = this.other;
    await this.settled(service.createNetwork({ name: name as Name, declaration: { subnets } }));
    await this.until(`both to know ${name}`, () =>
      this.sea.machines.every(({ agent }) => agent.view.network(name as Name) !== undefined),
    );
  }

  attach(machine: Machine, sandbox: string, more: Partial<AttachBody> = {}): Promise<EndpointJson> {
    const path = machine.sandbox(sandbox);
    return machine.service.attach(attachBody.parse({ network: 'blue', sandbox: path, ...more }));
  }

  async detach(machine: Machine, sandbox: string): Promise<boolean> {
    const body = detachBody.parse({ network: 'blue', sandbox: `/run/netns/${sandbox}` });
    return (await machine.service.detach(body)).detached;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.sea[Symbol.asyncDispose]();
  }
}
