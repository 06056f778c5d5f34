import { setImmediate as turn } from 'node:timers/promises';
import type { Clock, Timer } from '../model/clock.ts';
import type { Endpoint, EndpointId } from '../model/endpoint.ts';
import { asWeftError } from '../model/errors.ts';
import type { Events } from '../model/event.ts';
import type { Logger } from '../model/logger.ts';
import type { NetworkId } from '../model/network.ts';
import type { NodeId } from '../model/node.ts';
import type { SandboxLife } from './sandbox-life.ts';

export interface SandboxWatchPorts {
  /** This node's endpoints. */
  readonly own: () => readonly Endpoint[];
  readonly sandboxes: SandboxLife;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: Events;
  /** Was it detached while the store was away? Then there is nothing left to do here. */
  readonly isDetached: (endpoint: EndpointId) => boolean;
  /** Undefined until this node may decide anything. */
  node(): NodeId | undefined;
  /** The sandbox of this endpoint came to its end, or another look shows that it lives. */
  readonly changed: (network: NetworkId, id: EndpointId) => void;
  readonly detach: (network: NetworkId, id: EndpointId) => Promise<unknown>;
  /** Writes down which namespace the sandbox is since it has come back. */
  readonly adopt: (network: NetworkId, id: EndpointId) => Promise<unknown>;
  /** A sandbox that has been gone for this many milliseconds does not come back. */
  readonly grace: number;
}

/** Of a sandbox that is gone, in milliseconds since 1970. */
export interface Vanished {
  readonly since: number;
  /** Soon after that its endpoint is detached, unless it is there again; absent: it is awaited for as long as it takes. */
  readonly until?: number;
}

/** Milliseconds between two rounds; and while namespaces are awaited, of which somebody wants to make use at once. */
const interval = 5000;
const eagerInterval = 1000;
/** Endpoints detached in one round, one after another: a node that dies of something else must not be emptied at once. */
const mostPerRound = 32;
/** Looks in a row before others get their turn. */
const looksPerTurn = 16;

/** Finds own endpoints whose sandbox is gone, and detaches them: nobody else will. */
export class SandboxWatch {
  readonly #ports: SandboxWatchPorts;
  /** When an endpoint's sandbox was first found gone. */
  readonly #gone = new Map<EndpointId, number>();
  /** Sandboxes that have come back as another namespace, told already. */
  readonly #returned = new Set<EndpointId>();
  readonly #timer: { current: Timer | undefined } = { current: undefined };
  #running: Promise<void> = Promise.resolve();
  #awaited = 0;
  #closed = false;

  constructor(ports: SandboxWatchPorts) {
    this.#ports = ports;
    this.#again();
  }

  /** Since when the sandbox of an own endpoint is gone, as far as somebody has looked. */
  vanished({ id, sandbox }: Endpoint): Vanished | undefined {
    const { clock, sandboxes, grace } = this.#ports;
    const found = this.#gone.get(id);
    // It may have been attached anew since the last round.
    if (found === undefined || sandboxes.lives(sandbox)) return undefined;
    const since = Math.round(clock.wall() - (clock.monotonic() - found));
    return sandboxes.isAwaited(sandbox) ? { since } : { since, until: since + grace };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer.current?.cancel();
    await this.#running;
  }

  #again(): void {
    if (this.#closed) return;
    this.#timer.current = this.#ports.clock.after(this.#awaited > 0 ? eagerInterval : interval, () => {
      this.#running = this.#round().finally(() => {
        this.#again();
      });
    });
  }

  async #round(): Promise<void> {
    const { clock, sandboxes, grace, changed, adopt, isDetached } = this.#ports;
    if (this.#ports.node() === undefined) return;
    const all = this.#ports.own().filter((e) => !isDetached(e.id));
    const own = new Map(all.map((e) => [e.id, e]));
    for (const id of this.#gone.keys()) if (!own.has(id)) this.#gone.delete(id);
    const due: Endpoint[] = [];
    const returned: Endpoint[] = [];
    let looks = 0;
    let awaited = 0;
    for (const endpoint of own.values()) {
      if (this.#closed) return;
      if ((looks += 1) % looksPerTurn === 0) await turn();
      const since = this.#gone.get(endpoint.id);
      const state = sandboxes.look(endpoint.sandbox);
      if (state === 'returned') returned.push(endpoint);
      const isNews = state === 'returned' && !this.#returned.has(endpoint.id);
      if (state === 'returned') this.#returned.add(endpoint.id);
      else this.#returned.delete(endpoint.id);
      if (state !== 'gone') {
        if (!this.#gone.delete(endpoint.id) && !isNews) continue;
        changed(endpoint.network, endpoint.id);
      } else if (since === undefined) {
        this.#gone.set(endpoint.id, clock.monotonic());
        changed(endpoint.network, endpoint.id);
      } else if (clock.monotonic() - since >= grace && !sandboxes.isAwaited(endpoint.sandbox))
        due.push(endpoint);
      if (state === 'gone' && sandboxes.isAwaited(endpoint.sandbox)) awaited += 1;
    }
    this.#awaited = awaited;
    for (const endpoint of due.slice(0, mostPerRound)) await this.#detach(endpoint);
    for (const { network, id } of returned.slice(0, mostPerRound))
      if (!this.#closed) await adopt(network, id);
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
