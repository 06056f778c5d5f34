import type { Room } from './wire.ts';

/** One request: type and flags of nlmsghdr (netlink(7)), and what follows the header. */
export interface NetlinkRequest {
  readonly type: number;
  readonly flags: number;
  readonly body: Uint8Array;
}

/** Requests that come by the thousand: each is written when its batch is sent, into the memory from which it is sent. */
export interface RequestSeries {
  readonly count: number;
  /**
   * Writes the whole request number `i` from the word `at` on, but for its sequence number and port (the third and the fourth
   * word), and returns the word behind it. No request is longer than a kibibyte.
   */
  write(i: number, room: Room, at: number): number;
}

/** One message of an answer, without its nlmsghdr. */
export interface NetlinkMessage {
  readonly type: number;
  readonly body: Uint8Array;
}

/** A refusal in the kernel's own words: the name of the errno (`EEXIST`) and the text that came with it, often empty. */
export interface NetlinkRefusal {
  readonly errno: string;
  readonly text: string;
}

/**
 * Reads one message of a dump while it is where the kernel put it: its type, and its body from `from` to `end` of these bytes,
 * which are good for this moment. undefined: it says nothing.
 */
export type RowReader<T> = (bytes: Uint8Array, from: number, end: number, type: number) => T | undefined;

/** A way to talk rtnetlink inside one network namespace. */
export interface Rtnetlink {
  /**
   * Sends the requests in their order, in batches between which the event loop turns. One outcome per request: `undefined`
   * is success. A refusal stops nothing: the requests behind it are carried out.
   *
   * @throws KERNEL_REFUSED when the socket itself fails; never for a refusal.
   */
  send(requests: readonly NetlinkRequest[]): Promise<readonly (NetlinkRefusal | undefined)[]>;

  /** As `send`; the refusals by the numbers of their requests, and all others were carried out. */
  sendSeries(series: RequestSeries): Promise<ReadonlyMap<number, NetlinkRefusal>>;

  /**
   * Everything that a dump or a get answers. A dump that was interrupted by a change (NLM_F_DUMP_INTR) is repeated inside, so
   * that what is returned was true at one moment. The kernel takes the body at its word (NETLINK_GET_STRICT_CHK): the whole
   * struct of the type, zero where it filters nothing.
   *
   * @throws KERNEL_REFUSED
   */
  dump(request: NetlinkRequest): Promise<readonly NetlinkMessage[]>;

  /** As `dump`; of each message, in their order, what `read` makes of it. @throws KERNEL_REFUSED */
  rows<T>(request: NetlinkRequest, read: RowReader<T>): Promise<readonly T[]>;

  close(): void;
}
