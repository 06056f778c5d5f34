import { attempt, fixedMemory, type FixedMemory } from '../libc.ts';
import { errnoName } from './errno.ts';

// recvmmsg(2), netlink(7): struct mmsghdr has 64 bytes, struct iovec 16.
const MSG_DONTWAIT = 0x40;
const MSG_TRUNC = 0x20;
const headerBytes = 64;
const vectorBytes = 16;
/** Room for one number that says from which namespace a message is. */
const controlBytes = 24;
const SOL_NETLINK = 270;
const NETLINK_LISTEN_ALL_NSID = 8;

/** A notice is a few dozen bytes, that of a link 2 KiB. */
const messageBytes = 4096;
/** How many are read by one system call. */
const atOnce = 64;

/** What was read at once. */
export type Received =
  | { readonly kind: 'messages'; readonly count: number }
  | { readonly kind: 'nothing' }
  /** Something was lost: messages that the queue could not take, or one that is longer than our room for it. */
  | { readonly kind: 'overrun' };

/**
 * Reads many messages of a netlink socket with one system call, each with the namespace that it is from. A message is good until
 * the next call.
 */
export class ManyMessages {
  readonly #memory: FixedMemory;

  constructor() {
    this.#memory = fixedMemory(messagesAt + atOnce * messageBytes);
    const { bytes, address } = this.#memory;
    const pointer = (to: number, at: number): number => bytes.writeBigUInt64LE(address + BigInt(to), at);
    bytes.fill(0, 0, messagesAt);
    for (let i = 0; i < atOnce; i += 1) {
      const header = i * headerBytes;
      const vector = vectorsAt + i * vectorBytes;
      pointer(vector, header + 16);
      bytes.writeUInt32LE(1, header + 24);
      pointer(controlsAt + i * controlBytes, header + 32);
      pointer(messagesAt + i * messageBytes, vector);
      bytes.writeUInt32LE(messageBytes, vector + 8);
    }
  }

  receive(fd: number): Received {
    const { bytes } = this.#memory;
    for (let i = 0; i < atOnce; i += 1) bytes.writeUInt32LE(controlBytes, i * headerBytes + 40);
    const answer = attempt('recvmmsg', fd, bytes, atOnce, MSG_DONTWAIT, null);
    if (!answer.ok) return { kind: errnoName(answer.errno) === 'EAGAIN' ? 'nothing' : 'overrun' };
    for (let i = 0; i < answer.value; i += 1) {
      if ((bytes.readUInt32LE(i * headerBytes + 48) & MSG_TRUNC) !== 0) return { kind: 'overrun' };
    }
    return { kind: 'messages', count: answer.value };
  }

  /** Where all messages are. */
  get bytes(): Buffer {
    return this.#memory.bytes;
  }

  /** Where in the bytes the datagram with this number begins, from 0. */
  start(i: number): number {
    return messagesAt + i * messageBytes;
  }

  end(i: number): number {
    return this.start(i) + this.#memory.bytes.readUInt32LE(i * headerBytes + 56);
  }

  /** The id of the namespace that it is from; undefined: the socket's own. */
  namespace(i: number): number | undefined {
    const { bytes } = this.#memory;
    const at = controlsAt + i * controlBytes;
    // struct cmsghdr: length (8), level (4), type (4).
    if (bytes.readUInt32LE(i * headerBytes + 40) < 20) return undefined;
    if (bytes.readInt32LE(at + 8) !== SOL_NETLINK) return undefined;
    return bytes.readInt32LE(at + 12) === NETLINK_LISTEN_ALL_NSID ? bytes.readInt32LE(at + 16) : undefined;
  }
}

const vectorsAt = atOnce * headerBytes;
const controlsAt = vectorsAt + atOnce * vectorBytes;
const messagesAt = controlsAt + atOnce * controlBytes;
