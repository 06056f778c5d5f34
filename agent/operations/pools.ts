import { chooseAddress, startFor } from '../../ipam/choose.ts';
import { WeftError } from '../../model/errors.ts';
import { ipToBigint, type Ip } from '../../model/ip.ts';
import type { Mac } from '../../model/mac.ts';
import type { Network, NetworkId, Subnet } from '../../model/network.ts';
import type { NodeId } from '../../model/node.ts';
import { contains } from '../../model/prefix.ts';
import type { View } from '../view/view.ts';

/** What this node remembers of one network's addresses beyond the view. */
interface Pool {
  /** Attaches under way. */
  readonly choices: Set<Choice>;
  /** Addresses that a refused transaction has shown to be taken. Tried again when nothing else is free: they may be so by now. */
  readonly taken: Set<Ip>;
  /** Addresses given back not long ago: others may still have them in mind, so they are chosen last. */
  readonly released: Set<Ip>;
  /** Where the next search of a subnet begins. */
  readonly next: Map<Subnet['prefix'], bigint>;
}

/**
 * Chooses what an endpoint leaves open. The claim in the store is the allocation; this only makes it likely that the first
 * choice is free.
 */
export class Pools {
  readonly #view: Pick<View, 'endpoints'>;
  readonly #pools = new Map<NetworkId, Pool>();

  constructor(view: Pick<View, 'endpoints'>) {
    this.#view = view;
  }

  /** The choices of one attach; nobody else makes them until it is disposed. `path`: its sandbox. */
  begin(network: NetworkId, path: string): Choice {
    const pool = this.#pool(network);
    const choice = new Choice(path, this, () => pool.choices.delete(choice));
    pool.choices.add(choice);
    return choice;
  }

  /** The address was given back. */
  release(network: NetworkId, ip: Ip): void {
    this.#pool(network).released.add(ip);
  }

  /** Names of interfaces that attaches under way will make in a sandbox. */
  interfaceNames(path: string): readonly string[] {
    const choices = [...this.#pools.values()].flatMap((pool) => [...pool.choices]);
    return choices.filter((c) => c.path === path).flatMap((c) => c.interfaceName ?? []);
  }

  /** A free address, as far as this node knows. @throws POOL_EXHAUSTED */
  next(network: Pick<Network, 'id' | 'name'>, subnet: Subnet, node: NodeId, refused: ReadonlySet<Ip>): Ip {
    const pool = this.#pool(network.id);
    const held = new Set<Ip>([subnet.gateway, ...subnet.auxiliary.values(), ...refused]);
    for (const choice of pool.choices) for (const ip of choice.addresses) held.add(ip);
    const start = pool.next.get(subnet.prefix) ?? startFor(subnet, node);
    const isUntouched = { has: (ip: Ip) => held.has(ip) || pool.taken.has(ip) || pool.released.has(ip) };
    let ip = chooseAddress(subnet, isUntouched, start);
    // Mostly nobody has it, and to look for one address is quick; to gather those of 100,000 endpoints is not.
    if (ip === undefined || this.#isKnown(network.id, ip)) {
      for (const known of this.#known(network.id)) held.add(known);
      ip =
        chooseAddress(subnet, isUntouched, start) ??
        chooseAddress(subnet, { has: (ip) => held.has(ip) || pool.taken.has(ip) }, start) ??
        chooseAddress(subnet, held, start);
    }
    if (ip === undefined) throw exhausted(network, subnet, held);
    pool.taken.delete(ip);
    pool.released.delete(ip);
    pool.next.set(subnet.prefix, placeOf(subnet, ip) + 1n);
    return ip;
  }

  /** Addresses of endpoints. */
  *#known(network: NetworkId): Generator<Ip> {
    for (const { value } of this.#view.endpoints(network)?.records.values() ?? []) yield* value.addresses;
  }

  #isKnown(network: NetworkId, ip: Ip): boolean {
    for (const { value } of this.#view.endpoints(network)?.records.values() ?? []) {
      if (value.addresses.includes(ip)) return true;
    }
    return false;
  }

  take(network: NetworkId, ip: Ip): void {
    this.#pool(network).taken.add(ip);
  }

  #pool(network: NetworkId): Pool {
    let pool = this.#pools.get(network);
    if (pool === undefined) {
      pool = { choices: new Set(), taken: new Set(), released: new Set(), next: new Map() };
      this.#pools.set(network, pool);
    }
    return pool;
  }
}

/** How far the address is from the first one that can be chosen. */
function placeOf(subnet: Subnet, ip: Ip): bigint {
  const first = chooseAddress(subnet, new Set(), 0n) ?? ip;
  return ipToBigint(ip) - ipToBigint(first);
}

/** What one attach has chosen so far, and what it was refused. */
export class Choice implements Disposable {
  readonly path: string;
  readonly #pools: Pools;
  readonly #end: () => void;
  readonly #refused = new Set<Ip>();
  readonly #refusedMacs = new Set<Mac>();
  #addresses: readonly Ip[] = [];
  interfaceName: string | undefined;

  constructor(path: string, pools: Pools, end: () => void) {
    this.path = path;
    this.#pools = pools;
    this.#end = end;
  }

  get addresses(): readonly Ip[] {
    return this.#addresses;
  }

  /** Chooses anew: one address for each subnet, the wished one where there is one. @throws POOL_EXHAUSTED */
  choose(
    network: Pick<Network, 'id' | 'name'>,
    subnets: readonly { readonly subnet: Subnet; readonly fixed?: Ip }[],
    node: NodeId,
  ): readonly Ip[] {
    this.#addresses = [];
    for (const { subnet, fixed } of subnets) {
      const ip = fixed ?? this.#pools.next(network, subnet, node, this.#refused);
      this.#addresses = [...this.#addresses, ip];
    }
    return this.#addresses;
  }

  /** MACs that the store has refused to this attach. */
  get macsToAvoid(): ReadonlySet<Mac> {
    return this.#refusedMacs;
  }

  /** A transaction has shown that somebody holds the address. */
  refuse(network: NetworkId, ip: Ip): void {
    this.#refused.add(ip);
    this.#pools.take(network, ip);
  }

  refuseMac(mac: Mac): void {
    this.#refusedMacs.add(mac);
  }

  [Symbol.dispose](): void {
    this.#end();
  }
}

function exhausted(network: Pick<Network, 'id' | 'name'>, subnet: Subnet, held: ReadonlySet<Ip>): WeftError {
  const where = subnet.range === undefined ? subnet.prefix : `${subnet.prefix} (range ${subnet.range})`;
  const within = [...held].filter((ip) => contains(subnet.range ?? subnet.prefix, ip)).length;
  return new WeftError(
    'POOL_EXHAUSTED',
    `no address is free in subnet ${where} of network ${network.name}: ${within} are held by endpoints, the gateway and auxiliary addresses`,
    { details: { network: network.name, subnet: subnet.prefix, held: within } },
  );
}
