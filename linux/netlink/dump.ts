import { setImmediate as turn } from 'node:timers/promises';
import { WeftError } from '../../model/errors.ts';
import { errnoName } from './errno.ts';
import type { NetlinkMessage, NetlinkRequest, RowReader } from './message.ts';
import { brokenSocket, type Datagrams } from './socket.ts';
import {
  headerBytes,
  MessageCursor,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  refusalIn,
  writeHeader,
} from './wire.ts';

/** A namespace that changes faster than it can be read is reported, rather than read for ever. */
const attempts = 50;
/** Parts of at most 32 KiB that are read before others get their turn: about a millisecond. */
const partsPerTurn = 16;

interface DumpPorts {
  readonly socket: Datagrams;
  /** A number that no earlier request of the socket had. */
  readonly nextSequence: () => number;
  /** Lets the event loop turn; a test changes something meanwhile. */
  readonly turn?: () => Promise<unknown>;
}

/**
 * Asks, and returns what `read` makes of each message of the answer; an interrupted dump is asked again. The caller sees to it
 * that nobody else uses the socket meanwhile.
 *
 * @throws KERNEL_REFUSED with `details.errno`; also when it is interrupted every time.
 */
export async function dumpRows<T>(
  request: NetlinkRequest,
  read: RowReader<T>,
  ports: DumpPorts,
): Promise<readonly T[]> {
  for (let i = 0; i < attempts; i += 1) {
    const rows = await dumpOnce(request, read, ports);
    if (rows !== undefined) return rows;
  }
  throw new WeftError(
    'KERNEL_REFUSED',
    `cannot read the kernel's state (request type ${request.type}): it changed during each of ${attempts} dumps`,
    { details: { type: request.type, errno: 'EINTR' } },
  );
}

/** The message itself: a copy, since the socket's buffer is used again. */
export const wholeMessage: RowReader<NetlinkMessage> = (bytes, from, end, type) => ({
  type,
  body: new Uint8Array(bytes.subarray(from, end)),
});

/** `undefined` when the dump was interrupted. */
async function dumpOnce<T>(
  request: NetlinkRequest,
  read: RowReader<T>,
  ports: DumpPorts,
): Promise<readonly T[] | undefined> {
  const { socket } = ports;
  const sequence = ports.nextSequence();
  const rows: T[] = [];
  let interrupted = false;
  socket.send(encode(request, sequence));
  for (let parts = 1; ; parts += 1) {
    const datagram = socket.receive();
    if (datagram === undefined) throw brokenSocket(`the answer to request type ${request.type} has no end`);
    const cursor = new MessageCursor(datagram);
    while (cursor.next()) {
      if (cursor.sequence !== sequence) continue;
      if ((cursor.flags & NLM_F_DUMP_INTR) !== 0) interrupted = true;
      if (isEnd(request, cursor)) return interrupted ? undefined : rows;
      const row = read(datagram, cursor.from, cursor.end, cursor.type);
      if (row !== undefined) rows.push(row);
    }
    if (cursor.isTorn) throw brokenSocket(`a part of the answer to request type ${request.type} is cut off`);
    if (parts % partsPerTurn === 0) await (ports.turn ?? turn)();
  }
}

/** @throws KERNEL_REFUSED when the message is a refusal. */
function isEnd(request: NetlinkRequest, cursor: MessageCursor): boolean {
  if (cursor.type !== NLMSG_ERROR && cursor.type !== NLMSG_DONE) return false;
  const { errno, text } = refusalIn(cursor.message);
  if (errno === 0) return true;
  const name = errnoName(errno);
  throw new WeftError(
    'KERNEL_REFUSED',
    `cannot read the kernel's state (request type ${request.type}): ${name}${text === '' ? '' : `: ${text}`}`,
    { details: { type: request.type, errno: name, text } },
  );
}

/** A dump ends by NLMSG_DONE; what is no dump ends by the answer that is asked for here. */
function encode({ type, flags, body }: NetlinkRequest, sequence: number): Uint8Array {
  const bytes = Buffer.alloc(headerBytes + body.length);
  const end = (flags & NLM_F_DUMP) === NLM_F_DUMP ? 0 : NLM_F_ACK;
  writeHeader(bytes, 0, { length: bytes.length, type, flags: flags | NLM_F_REQUEST | end, sequence });
  bytes.set(body, headerBytes);
  return bytes;
}
