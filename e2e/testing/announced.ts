import { startCapture, type Capture } from '../lab/capture.ts';
import type { Frame } from '../lab/frames.ts';
import type { Member } from '../lab/members.ts';
import type { Sandbox } from '../lab/sandbox.ts';
import { mapBounded, waitFor } from '../lab/wait.ts';

/** Who has just been attached, to everybody on the link: an ARP reply to all (RFC 5227), an advertisement to all (RFC 4861). */
const announces =
  (mac: string, address: string) =>
  ({ source, destination, arp, ip }: Frame): boolean => {
    if (source !== mac) return false;
    if (arp === undefined)
      return destination === '33:33:00:00:00:01' && ip?.icmpType === 136 && ip.source === address;
    const isOfAddress = arp.sender === address && arp.target === address;
    return destination === 'ff:ff:ff:ff:ff:ff' && arp.operation === 'reply' && isOfAddress;
  };

/** What sandboxes hear of others that announce themselves. */
export class Ears implements AsyncDisposable {
  readonly #captures: ReadonlyMap<Sandbox, Capture>;
  /** So many frames were heard before what is waited for. */
  readonly #since = new Map<Capture, number>();

  private constructor(captures: ReadonlyMap<Sandbox, Capture>) {
    this.#captures = captures;
  }

  static async open(sandboxes: readonly Sandbox[]): Promise<Ears> {
    const filter = 'arp or (icmp6 and ip6[40] = 136)';
    const captures = await mapBounded(sandboxes, 4, async (sandbox) => {
      return [sandbox, await startCapture(sandbox.path, 'eth0', { filter })] as const;
    });
    return new Ears(new Map(captures));
  }

  /** What was heard until now does not count. */
  forget(): void {
    for (const capture of this.#captures.values()) this.#since.set(capture, capture.frames().length);
  }

  /** Waits until every sandbox was told of every address of this one. @throws TIMEOUT that names who was not, and of what. */
  async heard({ mac, addresses, host }: Pick<Member, 'mac' | 'addresses' | 'host'>): Promise<void> {
    for (const [sandbox, capture] of this.#captures)
      for (const address of addresses) {
        const look = (): boolean =>
          capture.frames().slice(this.#since.get(capture)).some(announces(mac, address));
        const what = `${sandbox.host}/${sandbox.name} to be told that ${address} is on ${host}`;
        await waitFor(what, look, { within: 5000 });
      }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const capture of this.#captures.values()) await capture[Symbol.asyncDispose]();
  }
}
