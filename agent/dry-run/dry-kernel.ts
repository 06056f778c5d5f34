import type {
  Kernel,
  Observation,
  SandboxIdentity,
  StepResult,
  Underlay,
  Watching,
} from '../../linux/kernel.ts';
import type { Hearing } from '../../linux/notice.ts';
import type { TableEntry } from '../../linux/objects/keyed-map.ts';
import type { Namespace } from '../../linux/objects/namespace.ts';
import { ObjectSet } from '../../linux/objects/object-set.ts';
import { isSandbox, type NetworkScope, type SandboxScope } from '../../linux/objects/scope.ts';
import { plan } from '../../linux/plan/plan.ts';
import type { Plan, Step } from '../../linux/plan/step.ts';
import { Tracker } from '../../linux/tracker.ts';
import type { Ip } from '../../model/ip.ts';
import type { Prefix } from '../../model/prefix.ts';

/** One network as it was found, and as it would be by now. */
interface Looked {
  readonly found: ObjectSet;
  readonly tracker: Tracker;
  /** Would anything have been written? What is found after that is no news. */
  isTouched: boolean;
}

/** A kernel that is read and not written: every step is answered as done, and whoever looks again finds it done. */
export class DryKernel implements Kernel {
  readonly #real: Kernel;
  readonly #networks = new Map<NetworkScope, Looked>();
  #calls = 0;

  constructor(real: Kernel) {
    this.#real = real;
  }

  /** How many times something was read, or would have been written. */
  get calls(): number {
    return this.#calls;
  }

  /** What would be done about each network that was looked at. */
  plans(): ReadonlyMap<NetworkScope, Plan> {
    return new Map(
      Array.from(this.#networks, ([scope, { tracker, found }]) => [scope, plan(tracker.believed, found)]),
    );
  }

  namespaces(): Promise<readonly Namespace[]> {
    return this.#real.namespaces();
  }

  async observe(scope: NetworkScope, sandboxes: readonly SandboxScope[]): Promise<Observation> {
    this.#calls += 1;
    const observation = await this.#real.observe(scope, sandboxes);
    const known = this.#networks.get(scope);
    if (known?.isTouched === true) {
      return { objects: new ObjectSet(known.tracker.believed), deadSandboxes: observation.deadSandboxes };
    }
    const tracker = new Tracker();
    tracker.observed(scope, observation);
    this.#networks.set(scope, { tracker, found: observation.objects, isTouched: false });
    return observation;
  }

  async look(scope: NetworkScope, entries: readonly TableEntry[]): Promise<ObjectSet> {
    this.#calls += 1;
    const known = this.#networks.get(scope);
    if (known?.isTouched !== true) return this.#real.look(scope, entries);
    const { believed } = known.tracker;
    return new ObjectSet(entries.map((entry) => believed.get(entry)).filter((found) => found !== undefined));
  }

  /** Nothing is heard: a dry run looks once. */
  listen(): Hearing {
    return {
      hear: () => Promise.resolve(),
      mind: () => undefined,
      drain: () => undefined,
      close: () => undefined,
    };
  }

  async apply(steps: readonly Step[]): Promise<readonly StepResult[]> {
    this.#calls += 1;
    const results = steps.map((): StepResult => ({ ok: true }));
    const looked = this.#networkOf(steps);
    if (looked !== undefined) {
      looked.isTouched = true;
      looked.tracker.applied(steps, results);
    }
    return results;
  }

  /** Steps of one apply are of one network, which was looked at before; some are inside sandboxes alone. */
  #networkOf(steps: readonly Step[]): Looked | undefined {
    for (const { object } of steps) {
      if (!isSandbox(object.scope)) return this.#networks.get(object.scope);
      for (const looked of this.#networks.values())
        if (looked.tracker.believed.networkOf(object) !== undefined) return looked;
    }
    return undefined;
  }

  async announce(): Promise<void> {
    this.#calls += 1;
  }

  bootId(): string {
    return this.#real.bootId();
  }

  identify(scope: SandboxScope): SandboxIdentity {
    return this.#real.identify(scope);
  }

  underlay(advertise: string): Promise<Underlay> {
    return this.#real.underlay(advertise);
  }

  watchUnderlay(onChange: () => void): Watching {
    return this.#real.watchUnderlay(onChange);
  }

  routes(): Promise<readonly Prefix[]> {
    return this.#real.routes();
  }

  addresses(): Promise<readonly Ip[]> {
    return this.#real.addresses();
  }

  close(): Promise<void> {
    return this.#real.close();
  }
}
