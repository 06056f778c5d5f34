import { closeSync } from 'node:fs';
import { WeftError } from '../../model/errors.ts';
import { attempt, must } from '../libc.ts';
import { errnoName } from './errno.ts';

// socket(7), netlink(7)
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_ROUTE = 0;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_NO_ENOBUFS = 5;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const EAGAIN = 'EAGAIN';

/** The kernel makes a part of a dump as large as the last buffer that was offered to it, up to 32 KiB. */
const receiveBytes = 65_536;
const queueBytes = 1 << 20;

/** What the layers above need of a socket: bytes out, bytes in, never waiting. */
export interface Datagrams {
  /** @throws KERNEL_REFUSED */
  send(bytes: Uint8Array): void;
  /** The next datagram, good until the next call; `undefined` when none is there. @throws KERNEL_REFUSED */
  receive(): Uint8Array | undefined;
}

/**
 * A request socket of rtnetlink, in the network namespace in which the calling thread stands when it is opened; it stays there
 * for life.
 *
 * Its calls are synchronous libc calls and not those of the npm package `netlink`. The kernel carries out a request within
 * send(2) and has queued the answers when that returns, so that there is nothing to wait for: an exchange is two system calls,
 * without a turn of the event loop and without another caller in between. The options below cannot be set through the package,
 * which dies of ENOBUFS and drops the kernel's texts besides. (It serves the listener, where there is something to wait for.)
 */
export class NetlinkSocket implements Datagrams {
  readonly #fd: number;
  #open = true;

  constructor() {
    this.#fd = must('open a netlink socket', 'socket', AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    // A missing option (kernels before 4.20) or the privilege for the queue costs comfort, not soundness.
    for (const name of [NETLINK_NO_ENOBUFS, NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK]) {
      attempt('setsockopt', this.#fd, SOL_NETLINK, name, Int32Array.of(1), 4);
    }
    attempt('setsockopt', this.#fd, SOL_SOCKET, SO_RCVBUFFORCE, Int32Array.of(queueBytes), 4);
  }

  send(bytes: Uint8Array): void {
    this.#mustBeOpen();
    must('send a netlink request', 'send', this.#fd, bytes, bytes.length, 0);
  }

  receive(): Uint8Array | undefined {
    this.#mustBeOpen();
    const answer = attempt('recv', this.#fd, shared, shared.length, MSG_DONTWAIT | MSG_TRUNC);
    if (!answer.ok) {
      if (errnoName(answer.errno) === EAGAIN) return undefined;
      throw brokenSocket(`recv answered ${errnoName(answer.errno)}`);
    }
    if (answer.value > shared.length) throw brokenSocket(`an answer has ${answer.value} bytes`);
    return shared.subarray(0, answer.value);
  }

  close(): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
  }

  #mustBeOpen(): void {
    if (!this.#open) throw brokenSocket('it was closed');
  }
}

/** One buffer is enough: what was received is read before anything else happens. */
const shared = Buffer.alloc(receiveBytes);

export function brokenSocket(why: string): WeftError {
  return new WeftError('KERNEL_REFUSED', `cannot go on with a netlink socket: ${why}`, {
    details: { why },
  });
}
