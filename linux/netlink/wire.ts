import { endianness } from 'node:os';
import { invariant } from '../../model/errors.ts';
import { readAttributes, readText } from './codec/reader.ts';

// netlink(7), linux/netlink.h
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
export const NLM_F_DUMP = 0x300;
/** In an answer: something changed while the dump was made. */
export const NLM_F_DUMP_INTR = 0x10;
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;
const NLMSGERR_ATTR_MSG = 1;

/** struct nlmsghdr: length (4), type (2), flags (2), sequence (4), port (4). */
export const headerBytes = 16;

export const padded = (length: number): number => (length + 3) & ~3;

/** One message of a datagram, its body being a view of the datagram. */
export interface WireMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly body: Buffer;
}

// Netlink is in the machine's own byte order, and this file in that of all machines that Node is built for today.
invariant(endianness() === 'LE', 'Weft reads netlink on little-endian machines only');

/** Memory in which messages are put together, by bytes and by the 32-bit words at which everything in netlink begins. */
export interface Room {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
}

/** Room for so many bytes, a multiple of four; it begins with these. */
export function roomOf(size: number, first: Uint8Array = new Uint8Array()): Room {
  const memory = new ArrayBuffer(size);
  const bytes = Buffer.from(memory);
  bytes.set(first);
  return { bytes, words: new Uint32Array(memory) };
}

export function writeHeader(
  bytes: Buffer,
  at: number,
  header: {
    readonly length: number;
    readonly type: number;
    readonly flags: number;
    readonly sequence: number;
  },
): void {
  bytes.writeUInt32LE(header.length, at);
  bytes.writeUInt16LE(header.type, at + 4);
  bytes.writeUInt16LE(header.flags, at + 6);
  bytes.writeUInt32LE(header.sequence, at + 8);
  bytes.writeUInt32LE(0, at + 12);
}

/**
 * Goes through the messages of one datagram, without an object for each: a dump has them by the hundred thousand. What does not
 * hold together ends the list.
 */
export class MessageCursor {
  readonly #bytes: Buffer;
  #at = 0;
  type = 0;
  flags = 0;
  sequence = 0;
  /** Where the body begins, and where it ends. */
  from = 0;
  end = 0;

  constructor(datagram: Uint8Array) {
    this.#bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length);
  }

  /** Goes to the first message, or the next one; false when there is none. */
  next(): boolean {
    const [bytes, at] = [this.#bytes, this.#at];
    if (at + headerBytes > bytes.length) return false;
    const length = bytes.readUInt32LE(at);
    if (length < headerBytes || at + length > bytes.length) return false;
    this.type = bytes.readUInt16LE(at + 4);
    this.flags = bytes.readUInt16LE(at + 6);
    this.sequence = bytes.readUInt32LE(at + 8);
    this.from = at + headerBytes;
    this.end = at + length;
    this.#at = at + padded(length);
    return true;
  }

  /** Is there more behind the last message, which is none? */
  get isTorn(): boolean {
    return this.#at < this.#bytes.length;
  }

  /** The message as one value, its body a view of the datagram. */
  get message(): WireMessage {
    const { type, flags, sequence, from, end } = this;
    return { type, flags, sequence, body: this.#bytes.subarray(from, end) };
  }
}

/** The messages of one datagram. What does not hold together ends the list. */
export function messagesIn(datagram: Uint8Array): readonly WireMessage[] {
  const cursor = new MessageCursor(datagram);
  const messages: WireMessage[] = [];
  while (cursor.next()) messages.push(cursor.message);
  return messages;
}

/** What an NLMSG_ERROR says: errno 0 is consent. The text is that of NETLINK_EXT_ACK, or empty. */
export function refusalIn(message: WireMessage): { readonly errno: number; readonly text: string } {
  const { body, flags } = message;
  const errno = body.length < 4 ? 0 : -body.readInt32LE(0);
  if ((flags & NLM_F_ACK_TLVS) === 0 || body.length < 4 + headerBytes) return { errno, text: '' };
  const echoed = (flags & NLM_F_CAPPED) === 0 ? body.readUInt32LE(4) : headerBytes;
  return { errno, text: readText(readAttributes(body, 4 + padded(echoed)).get(NLMSGERR_ATTR_MSG)) };
}
