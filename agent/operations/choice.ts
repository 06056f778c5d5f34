import type { Ip } from '../../model/ip.ts';
import type { Mac } from '../../model/mac.ts';
import type { Network, Subnet } from '../../model/network.ts';
import type { NodeId } from '../../model/node.ts';
import type { AddressWish } from './choose.ts';

/** The pools of one network, as a choice sees them. */
export interface ChoicePorts {
  /** A free address of the first subnet that has one, as far as this node knows. @throws POOL_EXHAUSTED */
  next(
    network: Pick<Network, 'id' | 'name'>,
    anyOf: readonly Subnet[],
    node: NodeId,
    refused: ReadonlySet<Ip>,
  ): Ip;
  /** Nobody else chooses it until it is dropped. */
  hold(ip: Ip): void;
  drop(ip: Ip): void;
  /** Somebody has it, as a transaction has shown. */
  taken(ip: Ip): void;
  end(): void;
}

/** What one attach has chosen so far, and what it was refused. */
export class Choice implements Disposable {
  readonly path: string;
  readonly #ports: ChoicePorts;
  readonly #refused = new Set<Ip>();
  readonly #refusedMacs = new Set<Mac>();
  #addresses: readonly Ip[] = [];
  interfaceName: string | undefined;

  constructor(path: string, ports: ChoicePorts) {
    this.path = path;
    this.#ports = ports;
  }

  get addresses(): readonly Ip[] {
    return this.#addresses;
  }

  /** Chooses anew: one address for each wish. @throws POOL_EXHAUSTED */
  choose(network: Pick<Network, 'id' | 'name'>, wishes: readonly AddressWish[], node: NodeId): readonly Ip[] {
    this.#dropAll();
    for (const wish of wishes) {
      const ip = wish.fixed ?? this.#ports.next(network, wish.anyOf, node, this.#refused);
      this.#ports.hold(ip);
      this.#addresses = [...this.#addresses, ip];
    }
    return this.#addresses;
  }

  /** MACs that the store has refused to this attach. */
  get macsToAvoid(): ReadonlySet<Mac> {
    return this.#refusedMacs;
  }

  /** A transaction has shown that somebody holds the address. */
  refuse(ip: Ip): void {
    this.#refused.add(ip);
    this.#ports.taken(ip);
  }

  refuseMac(mac: Mac): void {
    this.#refusedMacs.add(mac);
  }

  #dropAll(): void {
    for (const ip of this.#addresses) this.#ports.drop(ip);
    this.#addresses = [];
  }

  [Symbol.dispose](): void {
    this.#dropAll();
    this.#ports.end();
  }
}
