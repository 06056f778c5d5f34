import { createHash } from 'node:crypto';
import { keys } from '../../kvstore/keys.ts';
import { parseWish, wishHash } from '../../kvstore/records/wish.ts';
import type { Clock } from '../../model/clock.ts';
import type { EndpointId } from '../../model/endpoint.ts';
import { asWeftError, hasCode } from '../../model/errors.ts';
import type { Events } from '../../model/event.ts';
import type { Logger } from '../../model/logger.ts';
import type { Name } from '../../model/name.ts';
import type { Network, NetworkId } from '../../model/network.ts';
import type { NodeId } from '../../model/node.ts';
import type { Wish } from '../../model/network-wish.ts';
import { Scheduler } from '../reconcile/scheduler.ts';
import type { Trust } from '../trust/trust.ts';
import type { View } from '../view/view.ts';
import { accept, recordRefusal, type AcceptPorts } from './accept.ts';
import { beginRemoval, finishRemoval, type RemovePorts } from './remove.ts';

export interface WardenPorts {
  readonly view: View;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: Events;
  readonly trust: Pick<Trust, 'standing' | 'oddAt'>;
  /** Undefined until this node may decide anything. */
  readonly node: () => NodeId | undefined;
  accept(): AcceptPorts;
  remove(): RemovePorts;
  detach(network: NetworkId, endpoint: EndpointId): Promise<unknown>;
}

/** A node of rank n waits n times this long, so that one node acts and the others only step in for it. */
const rankDelay = 2000;
/**
 * Milliseconds for which a network is not taken for unused, after the start and after the store was one that had lost something: others
 * may still be putting back what is attached to it.
 */
const restoringTime = 60_000;

/**
 * Looks after networks that were declared, changed or deleted by a plain write to the store, and ends removals. The live
 * node of lowest rank acts first.
 */
export class Warden {
  readonly #ports: WardenPorts;
  readonly #scheduler: Scheduler<Name>;
  /** When this node may act on a name: its turn, counted from the news. */
  readonly #turn = new Map<Name, number>();
  /** Refused wishes for which something changed since. */
  readonly #again = new Set<Name>();
  /** Networks without a declaration that were reported. */
  readonly #orphaned = new Set<Name>();
  /** Names whose declaration was deleted before our eyes. */
  readonly #deleted = new Set<Name>();

  constructor(ports: WardenPorts) {
    this.#ports = ports;
    this.#scheduler = new Scheduler((name) => this.#look(name), ports.clock);
    ports.view.listen({
      wishes: (names) => {
        this.#note(names);
        this.#mark(names);
      },
      networks: (names) => {
        this.#mark(names);
        this.#judgeAgain(names);
      },
      nodes: () => {
        this.#judgeAgain(new Set());
      },
      // The address pools may be others.
      cluster: () => {
        this.#judgeAgain(new Set());
      },
      endpoints: (network) => {
        const name = ports.view.networkById(network)?.name;
        if (name !== undefined && (this.#isRemoving(name) || this.#orphaned.has(name))) this.#mark([name]);
      },
      state: () => {
        if (ports.trust.standing.kind !== 'ours') {
          this.#orphaned.clear();
          this.#deleted.clear();
        }
        this.lookAgain();
      },
    });
  }

  #note(names: Iterable<Name>): void {
    const { view, trust } = this.#ports;
    const isSeen = view.state === 'insync' && trust.standing.kind === 'ours';
    for (const name of names) {
      if (isSeen && view.wishes.get(keys.network(name)) === undefined) this.#deleted.add(name);
      else this.#deleted.delete(name);
    }
  }

  /** Looks at everything again: after joining, and when the store is back. */
  lookAgain(): void {
    const { wishes, networkStates } = this.#ports.view;
    const all = [...wishes.records.keys(), ...networkStates.records.keys()];
    this.#mark(all.map((key) => key.slice(key.indexOf('/') + 1) as Name));
  }

  close(): Promise<void> {
    return this.#scheduler.close();
  }

  #mark(names: Iterable<Name>): void {
    for (const name of names) this.#scheduler.mark(name);
  }

  /** Room may have become free for a wish that was refused. A name whose own state changed just now is judged already. */
  #judgeAgain(except: ReadonlySet<Name>): void {
    for (const { value } of this.#ports.view.networkStates.records.values()) {
      const refused =
        !('id' in value) || (value.phase.kind === 'active' && value.phase.refused !== undefined);
      if (!refused || except.has(value.name)) continue;
      this.#again.add(value.name);
      this.#scheduler.mark(value.name);
    }
  }

  #accepted(name: Name): Network | undefined {
    const state = this.#ports.view.network(name)?.value;
    return state !== undefined && 'id' in state ? state : undefined;
  }

  #isRemoving(name: Name): boolean {
    return this.#accepted(name)?.phase.kind === 'removing';
  }

  async #look(name: Name): Promise<void> {
    const { view, logger, node } = this.#ports;
    const self = node();
    if (self === undefined || view.state !== 'insync') return;
    try {
      await this.#detachForced(name, self);
      if (!this.#isOpen(name)) this.#turn.delete(name);
      else if (this.#isMyTurn(name, self)) await this.#act(name, self);
    } catch (error) {
      const known = asWeftError(error);
      const level = known.retry === 'bug' ? 'error' : 'warn';
      logger[level]('cannot look after network', { network: name, code: known.code, error: known.message });
      this.#scheduler.markLater(name, rankDelay);
    }
  }

  /** Our own endpoints of a network that is being removed by force are detached by us, whatever our rank. */
  async #detachForced(name: Name, self: NodeId): Promise<void> {
    const network = this.#accepted(name);
    if (network?.phase.kind !== 'removing' || !network.phase.force) return;
    const endpoints = [...(this.#ports.view.endpoints(network.id)?.records.values() ?? [])];
    for (const { value } of endpoints.filter((e) => e.value.node === self))
      await this.#ports.detach(network.id, value.id);
  }

  /** Is there something that one of the nodes must do about this name? */
  #isOpen(name: Name): boolean {
    const state = this.#ports.view.network(name)?.value;
    const wish = this.#ports.view.wishes.get(keys.network(name));
    if (this.#isRemoving(name) || wish === undefined) return state !== undefined;
    if (state === undefined || this.#again.has(name)) return true;
    const hash = hashOf(keys.network(name), wish.value);
    const refused =
      'id' in state && state.phase.kind === 'active' ? state.phase.refused?.wishHash : undefined;
    return refused === undefined ? state.wishHash !== hash : refused !== hash;
  }

  #isMyTurn(name: Name, self: NodeId): boolean {
    const { clock, view } = this.#ports;
    const rank = Math.max(0, view.ranks().indexOf(self));
    const turn = this.#turn.get(name) ?? clock.monotonic() + rank * rankDelay;
    this.#turn.set(name, turn);
    const wait = turn - clock.monotonic();
    if (wait <= 0) return true;
    this.#scheduler.markLater(name, wait);
    return false;
  }

  async #act(name: Name, self: NodeId): Promise<void> {
    this.#turn.delete(name);
    this.#again.delete(name);
    const removed = this.#accepted(name);
    if (removed?.phase.kind === 'removing') return this.#finishRemoval(removed);
    const ports = this.#ports.accept();
    const declared = await ports.store.get(keys.network(name), { signal: ports.signal });
    if (declared === undefined) return this.#declarationGone(name);
    this.#orphaned.delete(name);
    const { logger } = this.#ports;
    const wish = tryParse(declared.key, declared.value);
    const hash = hashOf(declared.key, declared.value);
    const outcome =
      typeof wish === 'string'
        ? await recordRefusal({ name, hash, declared }, wish, ports)
        : await accept({ name, wish, hash, creator: this.#creator(self), declared }, ports);
    if (outcome.kind === 'refused') {
      if (outcome.isNews) logger.warn('declaration refused', { key: declared.key, why: outcome.why });
    } else if (outcome.kind !== 'settled') {
      logger.info(`network ${outcome.kind}`, {
        network: name,
        id: outcome.network.id,
        vni: outcome.network.vni,
      });
    }
  }

  #creator(self: NodeId): string {
    return `declaration, accepted by ${this.#ports.view.node(self)?.name ?? self}`;
  }

  async #finishRemoval({ name, id }: Network): Promise<void> {
    const ending = await finishRemoval(name, id, this.#ports.remove());
    if (ending === 'waits') this.#scheduler.markLater(name, rankDelay);
    if (ending === 'kept')
      this.#ports.logger.info('removal is off: the network has endpoints', { network: name });
  }

  /** Without endpoints the network goes with its declaration; with endpoints it stays as it was accepted. */
  async #declarationGone(name: Name): Promise<void> {
    const wait = this.#ports.trust.oddAt + restoringTime - this.#ports.clock.monotonic();
    if (wait > 0 && !this.#deleted.has(name) && !this.#orphaned.has(name)) {
      this.#scheduler.markLater(name, wait);
      return;
    }
    try {
      await beginRemoval({ name, force: false, by: 'its deleted declaration' }, this.#ports.remove());
    } catch (error) {
      if (!hasCode(error, 'NETWORK_IN_USE')) throw error;
      if (!this.#orphaned.has(name)) {
        const message = `declaration of network ${name} is gone; it has endpoints and stays`;
        this.#ports.events.tell('network-undeclared', message, { network: name });
      }
      this.#orphaned.add(name);
    }
  }
}

/** The wish, or why it is none. */
function tryParse(key: string, value: Uint8Array): Wish | string {
  try {
    return parseWish(key, value);
  } catch (error) {
    return asWeftError(error).message;
  }
}

/** By the very bytes: with a thousand networks all their declarations are looked at again and again. */
const hashes = new WeakMap<Uint8Array, string>();

/** A malformed declaration is known by its bytes. */
function hashOf(key: string, value: Uint8Array): string {
  const known = hashes.get(value);
  if (known !== undefined) return known;
  const wish = tryParse(key, value);
  const hash = typeof wish === 'string' ? createHash('sha256').update(value).digest('hex') : wishHash(wish);
  hashes.set(value, hash);
  return hash;
}
