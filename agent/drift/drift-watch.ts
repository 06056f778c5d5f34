import type { Kernel } from '../../linux/kernel.ts';
import type { Hearing, Notice, NoticeListener } from '../../linux/notice.ts';
import type { ObjectKey } from '../../linux/objects/object.ts';
import type { Sysctl } from '../../linux/objects/ip-config.ts';
import { networkScope, type NetworkScope, type SandboxScope } from '../../linux/objects/scope.ts';
import type { Clock, Timer } from '../../model/clock.ts';
import { asWeftError } from '../../model/errors.ts';
import type { Logger } from '../../model/logger.ts';
import type { NetworkId } from '../../model/network.ts';

/** A network of which notices are heard. */
export interface HeardNetwork {
  readonly id: NetworkId;
  /** Namespaces of its local endpoints. */
  readonly sandboxes: Iterable<SandboxScope>;
  /** A pass is under way: what is heard may be our own doing, half done. */
  readonly isBusy: boolean;
  /** Settings that its namespace shall have, as of the last pass. */
  readonly settings: readonly Sysctl[];
  /** Does the kernel look different from what is wanted, by all that was heard? */
  readonly isSuspicious: boolean;
  /** Takes note of a notice. */
  hear(notice: Notice): void;
  /** Objects that look different. */
  suspects(): ReadonlySet<ObjectKey>;
}

export interface DriftWatchPorts {
  readonly kernel: Pick<Kernel, 'listen'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Compares the network with the kernel, all of it or at least what is suspicious, and repairs what differs. */
  readonly compare: (network: NetworkId, what: 'suspects' | 'everything') => void;
  /** Milliseconds until any of these objects may be repaired; 0: now. */
  readonly patience: (network: NetworkId, keys: Iterable<ObjectKey>) => number;
}

/** Milliseconds from the first suspicion to the compare: what is changed by one hand is repaired at once. */
const gathering = 50;
/** Milliseconds between two compares of everything, where notices get lost again and again: at first, and in the end. */
const firstOverrunPause = 5000;
const longestOverrunPause = 300_000;

/**
 * Has a network compared soon after the kernel gave notice of something that is not as wanted. Without notices, for instance
 * because the kernel refuses to give them, everything is found by the regular compare.
 */
export class DriftWatch implements NoticeListener {
  readonly #ports: DriftWatchPorts;
  readonly #networks = new Map<NetworkScope, HeardNetwork>();
  /** The sandboxes of each network, and the networks of each sandbox. */
  readonly #named = new Map<NetworkId, ReadonlySet<SandboxScope>>();
  readonly #sandboxes = new Map<SandboxScope, Set<HeardNetwork>>();
  readonly #due = new Map<NetworkId, { readonly at: number; readonly timer: Timer }>();
  /** To be looked at when their pass has ended. */
  readonly #later = new Set<NetworkId>();
  #hearing: Hearing | undefined;
  #lastOverrun = Number.NEGATIVE_INFINITY;
  #overrunPause = firstOverrunPause;
  #overrun: Timer | undefined;

  constructor(ports: DriftWatchPorts) {
    this.#ports = ports;
  }

  open(): void {
    if (this.#hearing !== undefined) return;
    try {
      this.#hearing = this.#ports.kernel.listen(this);
    } catch (error) {
      this.#ports.logger.warn(
        'the kernel gives no notice of changes; they are found by comparing, which takes minutes',
        {
          error: asWeftError(error).message,
        },
      );
    }
  }

  close(): void {
    this.#hearing?.close();
    for (const { timer } of this.#due.values()) timer.cancel();
    this.#overrun?.cancel();
  }

  /** The network is here, before its first pass. */
  add(network: HeardNetwork): void {
    this.#networks.set(networkScope(network.id), network);
  }

  remove(network: HeardNetwork): void {
    this.#networks.delete(networkScope(network.id));
    this.#hearing?.mind(networkScope(network.id), []);
    this.#due.get(network.id)?.timer.cancel();
    this.#due.delete(network.id);
    this.#later.delete(network.id);
    this.#name(network, nobody);
    this.#named.delete(network.id);
  }

  /** A pass of the network has ended. After a compare it is also looked whether its sandboxes are still the same namespaces. */
  async passed(network: HeardNetwork, compared: boolean): Promise<void> {
    const before = this.#named.get(network.id) ?? nobody;
    const now = new Set(network.sandboxes);
    this.#name(network, now);
    const news = compared ? now : [...now].filter((scope) => !before.has(scope));
    await this.#hearing?.hear(news);
    this.#hearing?.mind(networkScope(network.id), network.settings);
    if (this.#later.delete(network.id)) this.#look(network);
  }

  #name(network: HeardNetwork, now: ReadonlySet<SandboxScope>): void {
    const before = this.#named.get(network.id) ?? nobody;
    this.#named.set(network.id, now);
    for (const scope of before) {
      const users = this.#sandboxes.get(scope);
      if (!now.has(scope) && users?.delete(network) === true && users.size === 0)
        this.#sandboxes.delete(scope);
    }
    for (const scope of now) {
      const users = this.#sandboxes.get(scope);
      if (users === undefined) this.#sandboxes.set(scope, new Set([network]));
      else users.add(network);
    }
  }

  onNotice(scope: NetworkScope | SandboxScope, notice: Notice): void {
    const network = this.#networks.get(scope as NetworkScope);
    if (network !== undefined) this.#tell(network, notice);
    else for (const user of this.#sandboxes.get(scope as SandboxScope) ?? []) this.#tell(user, notice);
  }

  onOverrun(): void {
    const { clock, logger } = this.#ports;
    if (this.#overrun !== undefined) return;
    const since = clock.monotonic() - this.#lastOverrun;
    if (since > 2 * this.#overrunPause) this.#overrunPause = firstOverrunPause;
    else this.#overrunPause = Math.min(longestOverrunPause, 2 * this.#overrunPause);
    const wait = Math.max(gathering, this.#overrunPause - since);
    this.#overrun = clock.after(wait, () => {
      this.#overrun = undefined;
      this.#lastOverrun = clock.monotonic();
      logger.warn('notices of the kernel were lost: everything is compared', {
        networks: this.#networks.size,
      });
      for (const { id } of this.#networks.values()) this.#ports.compare(id, 'everything');
    });
  }

  #tell(network: HeardNetwork, notice: Notice): void {
    network.hear(notice);
    if (network.isSuspicious) this.#schedule(network);
  }

  #schedule(network: HeardNetwork): void {
    const { clock, patience } = this.#ports;
    const { id } = network;
    const now = clock.monotonic();
    const due = this.#due.get(id);
    if (due !== undefined && due.at <= now + gathering) return;
    const wait = Math.max(gathering, patience(id, network.suspects()));
    if (due !== undefined && due.at <= now + wait) return;
    due?.timer.cancel();
    const timer = clock.after(wait, () => {
      this.#due.delete(id);
      if (network.isBusy) this.#later.add(id);
      else this.#look(network);
    });
    this.#due.set(id, { at: now + wait, timer });
  }

  /** What is still suspicious when all has been heard is compared. */
  #look(network: HeardNetwork): void {
    this.#hearing?.drain();
    if (!network.isSuspicious) return;
    if (this.#ports.patience(network.id, network.suspects()) > 0) this.#schedule(network);
    else this.#ports.compare(network.id, 'suspects');
  }
}

const nobody: ReadonlySet<SandboxScope> = new Set();
