import { setImmediate as turn } from 'node:timers/promises';
import type { Kernel } from '../linux/kernel.ts';
import type { Clock, Timer } from '../model/clock.ts';
import type { Endpoint, EndpointId } from '../model/endpoint.ts';
import { asWeftError } from '../model/errors.ts';
import type { Events } from '../model/event.ts';
import type { Logger } from '../model/logger.ts';
import type { NetworkId } from '../model/network.ts';
import type { NodeId } from '../model/node.ts';
import { sandboxLives } from './sandbox-life.ts';
import type { View } from './view/view.ts';

export interface SandboxWatchPorts {
  readonly view: View;
  readonly kernel: Pick<Kernel, 'identify'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: Events;
  /** Undefined until this node may decide anything. */
  node(): NodeId | undefined;
  /** The sandbox of this endpoint came to its end, or another look shows that it lives. */
  changed(network: NetworkId, id: EndpointId): void;
  readonly detach: (network: NetworkId, id: EndpointId) => Promise<unknown>;
}

/** Milliseconds between two rounds. */
const interval = 5000;
/** A sandbox that has been gone for this long does not come back: time for whoever makes it anew and attaches again. */
const grace = 10_000;
/** Endpoints detached in one round, one after another: a node that dies of something else must not be emptied at once. */
const mostPerRound = 32;
/** Looks in a row before others get their turn. */
const looksPerTurn = 16;

/** Finds own endpoints whose sandbox is gone, and detaches them: nobody else will. */
export class SandboxWatch {
  readonly #ports: SandboxWatchPorts;
  /** When an endpoint's sandbox was first found gone. */
  readonly #gone = new Map<EndpointId, number>();
  readonly #timer: { current: Timer | undefined } = { current: undefined };
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(ports: SandboxWatchPorts) {
    this.#ports = ports;
    this.#again();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer.current?.cancel();
    await this.#running;
  }

  #again(): void {
    if (this.#closed) return;
    this.#timer.current = this.#ports.clock.after(interval, () => {
      this.#running = this.#round().finally(() => {
        this.#again();
      });
    });
  }

  async #round(): Promise<void> {
    const { view, clock, kernel } = this.#ports;
    const node = this.#ports.node();
    if (node === undefined) return;
    const own = this.#own(node);
    for (const id of this.#gone.keys()) if (!own.has(id)) this.#gone.delete(id);
    const due: Endpoint[] = [];
    let looks = 0;
    for (const endpoint of own.values()) {
      if (this.#closed) return;
      if ((looks += 1) % looksPerTurn === 0) await turn();
      const since = this.#gone.get(endpoint.id);
      if (sandboxLives(endpoint.sandbox, kernel)) {
        if (since === undefined) continue;
        this.#gone.delete(endpoint.id);
        this.#ports.changed(endpoint.network, endpoint.id);
      } else if (since === undefined) {
        this.#gone.set(endpoint.id, clock.monotonic());
        this.#ports.changed(endpoint.network, endpoint.id);
      } else if (clock.monotonic() - since >= grace) due.push(endpoint);
    }
    if (view.state === 'insync')
      for (const endpoint of due.slice(0, mostPerRound)) await this.#detach(endpoint);
  }

  #own(node: NodeId): ReadonlyMap<EndpointId, Endpoint> {
    const { view } = this.#ports;
    const all = view.joined().flatMap((id) => [...(view.endpoints(id)?.records.values() ?? [])]);
    return new Map(all.filter(({ value }) => value.node === node).map(({ value }) => [value.id, value]));
  }

  async #detach({ network, id, sandbox, addresses }: Endpoint): Promise<void> {
    const { logger, events, detach } = this.#ports;
    if (this.#closed) return;
    const about = { network, endpoint: id, sandbox: sandbox.path };
    try {
      await detach(network, id);
      events.tell('sandbox-gone', `sandbox ${sandbox.path} is gone; its endpoint was detached`, {
        ...about,
        addresses,
      });
    } catch (error) {
      logger.warn('sandbox is gone; cannot detach the endpoint', {
        ...about,
        error: asWeftError(error).message,
      });
    }
  }
}
