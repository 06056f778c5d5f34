import type { Member } from '../lab/members.ts';

/** What one end of a long TCP connection has heard of the other so far. */
export interface Heard {
  /** Who sent it, and who has heard it. */
  readonly from: Member;
  readonly to: Member;
  readonly bytes: number;
  /** The longest time without a byte in milliseconds, the one at the end included. */
  readonly pause: number;
  /** Why the connection is no more; a healthy one stays until everybody is told to end. */
  readonly broken?: string;
}

/** What is said of a connection, by the addresses of its ends. */
export interface HeardLine extends Omit<Heard, 'from' | 'to'> {
  readonly local: string;
  readonly remote: string;
}

/** What it is told, a line each: addresses to connect to, or the wish for a report. */
export type StreamWish = { readonly dial: readonly string[] } | 'report';
