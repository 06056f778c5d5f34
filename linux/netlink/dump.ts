import { setImmediate as turn } from 'node:timers/promises';
import { WeftError } from '../../model/errors.ts';
import { errnoName } from './errno.ts';
import type { NetlinkMessage, NetlinkRequest } from './message.ts';
import { brokenSocket, type Datagrams } from './socket.ts';
import {
  headerBytes,
  messagesIn,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  refusalIn,
  writeHeader,
  type WireMessage,
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
 * Asks, and returns all that is answered; an interrupted dump is asked again. The caller sees to it that nobody else uses the
 * socket meanwhile.
 *
 * @throws KERNEL_REFUSED with `details.errno`; also when it is interrupted every time.
 */
export async function dumpAll(request: NetlinkRequest, ports: DumpPorts): Promise<readonly NetlinkMessage[]> {
  for (let i = 0; i < attempts; i += 1) {
    const messages = await dumpOnce(request, ports);
    if (messages !== undefined) return messages;
  }
  throw new WeftError(
    'KERNEL_REFUSED',
    `cannot read the kernel's state (request type ${request.type}): it changed during each of ${attempts} dumps`,
    { details: { type: request.type, errno: 'EINTR' } },
  );
}

/** `undefined` when the dump was interrupted. */
async function dumpOnce(
  request: NetlinkRequest,
  ports: DumpPorts,
): Promise<readonly NetlinkMessage[] | undefined> {
  const { socket } = ports;
  const sequence = ports.nextSequence();
  const messages: NetlinkMessage[] = [];
  let interrupted = false;
  socket.send(encode(request, sequence));
  for (let parts = 1; ; parts += 1) {
    const datagram = socket.receive();
    if (datagram === undefined) throw brokenSocket(`the answer to request type ${request.type} has no end`);
    // The socket's buffer is used again: what we keep is a copy of the whole part.
    for (const message of messagesIn(Uint8Array.from(datagram))) {
      if (message.sequence !== sequence) continue;
      if ((message.flags & NLM_F_DUMP_INTR) !== 0) interrupted = true;
      if (isEnd(request, message)) return interrupted ? undefined : messages;
      messages.push({ type: message.type, body: message.body });
    }
    if (parts % partsPerTurn === 0) await (ports.turn ?? turn)();
  }
}

/** @throws KERNEL_REFUSED when the message is a refusal. */
function isEnd(request: NetlinkRequest, message: WireMessage): boolean {
  if (message.type !== NLMSG_ERROR && message.type !== NLMSG_DONE) return false;
  const { errno, text } = refusalIn(message);
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
