import { chooseAddress, placeIn, seatFor, startFor } from '../../ipam/choose.ts';
import { isInPool, poolSize, poolText } from '../../ipam/pool.ts';
import type { Clock } from '../../model/clock.ts';
import { WeftError } from '../../model/errors.ts';
import type { Ip } from '../../model/ip.ts';
import type { Network, NetworkId, Subnet } from '../../model/network.ts';
import type { NodeId } from '../../model/node.ts';
import { prefixFamily } from '../../model/prefix.ts';
import type { View } from '../view/view.ts';
import { Choice } from './choice.ts';
import { KnownAddresses } from './known-addresses.ts';

/** What this node remembers of one network's addresses. */
interface Pool {
  /** Attaches under way. */
  readonly choices: Set<Choice>;
  /** Addresses that a refused transaction has shown to be taken. Tried again when nothing else is free: they may be so by now. */
  readonly taken: Set<Ip>;
  /** Addresses given back not long ago, with the end of their rest, in the order of it: others may still have them in mind. */
  readonly resting: Map<Ip, number>;
  /** All of these, and what endpoints have: an address is in it once for each reason. */
  readonly avoided: KnownAddresses;
  /** Where the next search of a subnet begins. */
  readonly next: Map<Subnet['prefix'], bigint>;
  /** How often somebody else was quicker, so that a search began somewhere else. */
  seats: number;
}

export interface PoolsPorts {
  readonly view: Pick<View, 'endpoints' | 'listen'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Milliseconds for which an address that was given back is not chosen, unless nothing else is free. */
  readonly rest: number;
}

/**
 * Chooses what an endpoint leaves open. The claim in the store is the allocation; this only makes it likely that the first
 * choice is free.
 */
export class Pools {
  readonly #ports: PoolsPorts;
  readonly #pools = new Map<NetworkId, Pool>();

  constructor(ports: PoolsPorts) {
    this.#ports = ports;
    ports.view.listen({
      endpoints: (network, ids) => {
        const gone = this.#pools.get(network)?.avoided.changed(ids) ?? [];
        for (const ip of gone) this.release(network, ip);
      },
    });
  }

  /** The choices of one attach; nobody else makes them until it is disposed. `path`: its sandbox. */
  begin(network: NetworkId, path: string): Choice {
    const pool = this.#pool(network);
    const choice = new Choice(path, {
      next: (...asked) => this.#next(...asked),
      hold: (ip) => pool.avoided.add(ip),
      drop: (ip) => pool.avoided.delete(ip),
      taken: (ip) => this.#take(pool, ip),
      end: () => pool.choices.delete(choice),
    });
    pool.choices.add(choice);
    return choice;
  }

  /** The address was given back. */
  release(network: NetworkId, ip: Ip): void {
    const { rest, clock } = this.#ports;
    if (rest === 0) return;
    const pool = this.#pool(network);
    this.#wake(pool, ip);
    pool.resting.set(ip, clock.monotonic() + rest);
    pool.avoided.add(ip);
  }

  /** Names of interfaces that attaches under way will make in a sandbox. */
  interfaceNames(path: string): readonly string[] {
    const choices = [...this.#pools.values()].flatMap((pool) => [...pool.choices]);
    return choices.filter((c) => c.path === path).flatMap((c) => c.interfaceName ?? []);
  }

  #next(
    network: Pick<Network, 'id' | 'name'>,
    anyOf: readonly Subnet[],
    node: NodeId,
    refused: ReadonlySet<Ip>,
  ): Ip {
    const pool = this.#pool(network.id);
    pool.avoided.refresh();
    this.#wakeAll(pool);
    const found =
      firstOf(anyOf, (subnet) => {
        const taken = pool.avoided.of(prefixFamily(subnet.prefix));
        const start =
          refused.size > 0 ? seatFor(subnet, taken, node, (pool.seats += 1)) : pool.next.get(subnet.prefix);
        return chooseAddress(subnet, taken, start ?? startFor(subnet, node));
      }) ??
      // Whoever has rested longest; then whatever was taken when somebody last looked.
      this.#remembered(pool, pool.resting.keys(), anyOf, refused) ??
      this.#remembered(pool, pool.taken, anyOf, refused);
    if (found === undefined) throw exhausted(network, anyOf);
    const { subnet, ip } = found;
    this.#wake(pool, ip);
    if (pool.taken.delete(ip)) pool.avoided.delete(ip);
    pool.next.set(subnet.prefix, placeIn(subnet, ip) + 1n);
    return ip;
  }

  /** The first of those that only this node's memory speaks against. */
  #remembered(
    pool: Pool,
    ips: Iterable<Ip>,
    anyOf: readonly Subnet[],
    refused: ReadonlySet<Ip>,
  ): Found | undefined {
    for (const ip of ips) {
      const reasons = Number(pool.resting.has(ip)) + Number(pool.taken.has(ip));
      if (pool.avoided.count(ip) !== reasons || refused.has(ip)) continue;
      const subnet = anyOf.find((each) => isInPool(each, ip));
      if (subnet !== undefined) return { subnet, ip };
    }
    return undefined;
  }

  #take(pool: Pool, ip: Ip): void {
    if (pool.taken.has(ip)) return;
    pool.taken.add(ip);
    pool.avoided.add(ip);
  }

  #wake(pool: Pool, ip: Ip): void {
    if (pool.resting.delete(ip)) pool.avoided.delete(ip);
  }

  #wakeAll(pool: Pool): void {
    const now = this.#ports.clock.monotonic();
    for (const [ip, end] of pool.resting) {
      if (end > now) return;
      this.#wake(pool, ip);
    }
  }

  #pool(network: NetworkId): Pool {
    let pool = this.#pools.get(network);
    if (pool === undefined) {
      const avoided = new KnownAddresses(this.#ports.view, network);
      pool = { choices: new Set(), taken: new Set(), resting: new Map(), avoided, next: new Map(), seats: 0 };
      this.#pools.set(network, pool);
    }
    return pool;
  }
}

interface Found {
  readonly subnet: Subnet;
  readonly ip: Ip;
}

function firstOf(subnets: readonly Subnet[], choose: (subnet: Subnet) => Ip | undefined): Found | undefined {
  for (const subnet of subnets) {
    const ip = choose(subnet);
    if (ip !== undefined) return { subnet, ip };
  }
  return undefined;
}

function exhausted({ name }: Pick<Network, 'name'>, anyOf: readonly Subnet[]): WeftError {
  const pools = anyOf.map((subnet) => ({ where: poolText(subnet), total: String(poolSize(subnet)) }));
  const where = pools.map((pool) => pool.where).join(' and ');
  const used = pools.map(({ total }) => `${total} of ${total}`).join(' and ');
  return new WeftError(
    'POOL_EXHAUSTED',
    `no address is free in pool ${where} of network ${name}: ${used} are used. ` +
      `\`weft ip ls --network ${name}\` shows by whom: detach an endpoint, release a reservation, or add a subnet to the network`,
    { details: { network: name, pools } },
  );
}
