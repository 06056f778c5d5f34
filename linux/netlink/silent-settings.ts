import type { Clock, Timer } from '../../model/clock.ts';
import type { NoticeListener } from '../notice.ts';
import type { Sysctl } from '../objects/ip-config.ts';
import type { NetworkScope } from '../objects/scope.ts';

/** Milliseconds from one round to the next: with the time to gather and to repair, less than a second. */
const period = 500;
/** Milliseconds for a round, in which some twenty namespaces can be read. The next round goes on with the others. */
const budget = 2;
/** Of these the kernel does give notice (RTM_NEWNETCONF). */
const noticed =
  /^net\/ipv4\/(ip_forward|conf\/(?!all\/)[^/]+\/rp_filter)$|^net\/ipv6\/conf\/all\/forwarding$/;

export interface SilentSettingsPorts {
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly listener: Pick<NoticeListener, 'onNotice'>;
  /** The values inside the namespace, by key; undefined: it cannot be read. */
  readonly read: (scope: NetworkScope, keys: Iterable<string>) => ReadonlyMap<string, string> | undefined;
  /** Was it used, and is it not pinned any more? */
  readonly isUnpinned: (scope: NetworkScope) => boolean;
  /** We write now: what is read may be half done. */
  readonly isWriting: () => boolean;
}

/**
 * Finds by reading what the kernel gives no notice of: most of the settings below /proc/sys/net, for which inotify(7) does not work,
 * and the end of a mount. The namespaces are read in turn, and whatever is not as it is minded is told like a notice.
 */
export class SilentSettings implements Disposable {
  readonly #ports: SilentSettingsPorts;
  readonly #minded = new Map<NetworkScope, readonly Sysctl[]>();
  #turn: NetworkScope[] = [];
  #timer: Timer | undefined;

  constructor(ports: SilentSettingsPorts) {
    this.#ports = ports;
  }

  /** These have these values; none: the namespace is not looked at any more. */
  mind(scope: NetworkScope, settings: readonly Sysctl[]): void {
    const silent = settings.filter(({ key }) => !noticed.test(key));
    if (silent.length > 0) this.#minded.set(scope, silent);
    else this.#minded.delete(scope);
    if (this.#minded.size > 0) this.#timer ??= this.#ports.clock.after(period, () => this.#round());
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
    this.#minded.clear();
  }

  #round(): void {
    const { clock } = this.#ports;
    const begin = clock.monotonic();
    this.#lookAround(begin);
    // On a machine that has too much to do, or under a tracer, it takes longer: never more than a hundredth of the time.
    const wait = Math.max(period, 100 * (clock.monotonic() - begin));
    this.#timer = this.#minded.size === 0 ? undefined : clock.after(wait, () => this.#round());
  }

  #lookAround(begin: number): void {
    const { clock, isWriting } = this.#ports;
    if (isWriting()) return;
    for (let left = this.#minded.size; left > 0; left -= 1) {
      if (this.#turn.length === 0) this.#turn = [...this.#minded.keys()].reverse();
      const scope = this.#turn.pop();
      if (scope !== undefined) this.#look(scope);
      if (clock.monotonic() - begin >= budget) return;
    }
  }

  #look(scope: NetworkScope): void {
    const { read, isUnpinned, listener } = this.#ports;
    const settings = this.#minded.get(scope);
    if (settings === undefined) return;
    if (isUnpinned(scope)) {
      listener.onNotice(scope, { kind: 'ended', scope });
      return;
    }
    const values = read(
      scope,
      settings.map(({ key }) => key),
    );
    for (const setting of settings) {
      const value = values?.get(setting.key);
      if (value !== undefined && value !== setting.value)
        listener.onNotice(scope, { kind: 'holds', object: { ...setting, value } });
    }
  }
}
