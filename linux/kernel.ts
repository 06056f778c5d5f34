import type { Ip } from '../model/ip.ts';
import type { Mac } from '../model/mac.ts';
import type { WeftError } from '../model/errors.ts';
import type { Prefix } from '../model/prefix.ts';
import type { Hearing, NoticeListener } from './notice.ts';
import type { TableEntry } from './objects/keyed-map.ts';
import type { Namespace } from './objects/namespace.ts';
import type { ObjectSet } from './objects/object-set.ts';
import type { NetworkScope, SandboxScope } from './objects/scope.ts';
import type { Step } from './plan/step.ts';

/** What a network namespace and the sandboxes attached to it hold. */
export interface Observation {
  /** Ours. Objects that the kernel makes by itself (lo, own MACs, link-local addresses) do not appear. */
  readonly objects: ObjectSet;
  /** Sandboxes that are gone or are no network namespaces. */
  readonly deadSandboxes: ReadonlySet<SandboxScope>;
}

export type StepResult =
  | { readonly ok: true }
  /** The kernel refused; or `error` is a KERNEL_REFUSED that says which earlier step this one needed. */
  | { readonly ok: false; readonly error: WeftError };

/** Identity of a sandbox: lives as long as the boot and the namespace. */
export interface SandboxIdentity {
  readonly bootId: string;
  /** SO_NETNS_COOKIE, decimal. */
  readonly cookie: string;
  /** Names of the interfaces inside (from /proc/thread-self/net/dev, read in the same stretch). */
  readonly interfaces: readonly string[];
}

/** Where the tunnels leave this node. */
export interface Underlay {
  readonly interfaceName: string;
  /** Global addresses of the interface, IPv4 first, in the kernel's order. */
  readonly addresses: readonly Ip[];
  readonly mtu: number;
}

/** Ends by `close`; nothing is called back afterwards. */
export interface Watching {
  close(): void;
}

/** An inner address and the MAC that has it now, told to those who asked before: RFC 5227 section 3, RFC 4861 section 7.2.6. */
export interface Announcement {
  readonly ip: Ip;
  readonly mac: Mac;
}

/** What an address of the underlay says when it is asked. */
export interface Signs {
  /** It answers ICMP echo. */
  readonly echo: boolean;
  /** A datagram to the port was answered by ICMP "port unreachable": no tunnel ends there. */
  readonly refused: boolean;
}

/**
 * Looks for signs of life of the host with this address. Silence takes a second.
 *
 * @throws PERMISSION_DENIED without CAP_NET_RAW, KERNEL_REFUSED without a route: then nobody can tell.
 */
export type Probe = (ip: Ip, port: number) => Promise<Signs>;

/**
 * The door to one node's kernel. Reading never changes anything; writing happens in `apply` only. kernel-contract.ts proves the
 * promises for the real kernel and the fake.
 */
export interface Kernel {
  /** Our pinned namespaces of this node and cluster, proven by their mark. */
  namespaces(): Promise<readonly Namespace[]>;
  /**
   * Reads one network namespace and, inside the given sandboxes, what is ours there. An absent namespace is an empty
   * observation. Interrupted dumps are repeated inside.
   */
  observe(scope: NetworkScope, sandboxes: readonly SandboxScope[]): Promise<Observation>;
  /**
   * Of these entries, the ones that the kernel holds now, in whatever form. The cost follows the number that is asked for, not the
   * size of the tables.
   */
  look(scope: NetworkScope, entries: readonly TableEntry[]): Promise<ObjectSet>;
  /**
   * Carries out the steps in order, in batches, and answers one result for each. Repeatable: an object that exists as
   * wished and the deletion of an absent one are success. One refusal stops only the steps that need its object.
   */
  apply(steps: readonly Step[]): Promise<readonly StepResult[]>;
  /**
   * Tells from now on what changes in the network namespaces that are observed or written to, whoever changes it. One listener at a
   * time. @throws PERMISSION_DENIED, KERNEL_REFUSED
   */
  listen(listener: NoticeListener): Hearing;
  /** Gratuitous ARP and unsolicited neighbour advertisements on the bridge of a network namespace. Best effort. */
  announce(scope: NetworkScope, bridge: string, announcements: readonly Announcement[]): Promise<void>;
  /** Names this boot of the machine. */
  bootId(): string;
  /** @throws SANDBOX_INVALID when the path is no network namespace, is the node's own, or one in which Weft keeps a network. */
  identify(scope: SandboxScope): SandboxIdentity;
  /** The interface that `advertise` names, or that has this address. @throws INPUT_INVALID naming what there is instead. */
  underlay(advertise: string): Promise<Underlay>;
  /** Calls back soon after an interface or an address of the node may have changed: the caller reads again and compares. */
  watchUnderlay(onChange: () => void): Watching;
  /** Connected and static prefixes of the node, without default routes, for the overlap check. */
  routes(): Promise<readonly Prefix[]>;
  /** Every address of the node, loopback and link-local ones aside, for the same. */
  addresses(): Promise<readonly Ip[]>;
  close(): Promise<void>;
}
