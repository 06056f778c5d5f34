import { errnoName } from './errno.ts';
import type { NetlinkRefusal, NetlinkRequest } from './message.ts';
import { brokenSocket, type Datagrams } from './socket.ts';
import {
  headerBytes,
  messagesIn,
  NLM_F_ACK,
  NLM_F_REQUEST,
  NLMSG_ERROR,
  padded,
  refusalIn,
  writeHeader,
} from './wire.ts';

/** More in one send leaves the kernel short of per-CPU memory: ten thousand in one take ten times as long. */
export const batchRequests = 64;
/** The usual send buffer takes 208 KiB of one datagram. */
const batchBytes = 65_536;

/** Grows to the largest batch ever sent. */
let scratch = Buffer.alloc(batchBytes);

/** How many of the requests from `from` on go into one send: at least one, otherwise up to the limits. */
export function batchEnd(requests: readonly NetlinkRequest[], from: number): number {
  let bytes = 0;
  let end = from;
  while (end < requests.length && end - from < batchRequests) {
    bytes += padded(headerBytes + (requests[end] as NetlinkRequest).body.length);
    if (bytes > batchBytes && end > from) break;
    end += 1;
  }
  return end;
}

/**
 * Sends the requests from `from` to `end` at once and reads what the kernel says, in one synchronous stretch. Only the last
 * request asks for an answer: the kernel goes through them in order and reports each refusal without being asked.
 *
 * @throws KERNEL_REFUSED when the socket fails or the last answer is missing.
 */
export function exchange(
  socket: Datagrams,
  sequence: number,
  requests: readonly NetlinkRequest[],
  from: number,
  end: number,
  outcomes: (NetlinkRefusal | undefined)[],
): void {
  socket.send(encode(sequence, requests, from, end));
  const last = sequence + (end - from) - 1;
  for (;;) {
    const datagram = socket.receive();
    if (datagram === undefined) throw brokenSocket('the kernel did not confirm the last request');
    for (const message of messagesIn(datagram)) {
      // Anything else is late news of an exchange that failed, or the echo of a request.
      if (message.type !== NLMSG_ERROR || message.sequence < sequence || message.sequence > last) continue;
      const { errno, text } = refusalIn(message);
      if (errno !== 0) outcomes[from + message.sequence - sequence] = { errno: errnoName(errno), text };
      if (message.sequence === last) return;
    }
  }
}

function encode(
  sequence: number,
  requests: readonly NetlinkRequest[],
  from: number,
  end: number,
): Uint8Array {
  let at = 0;
  for (let i = from; i < end; i += 1) {
    const { type, flags, body } = requests[i] as NetlinkRequest;
    const length = headerBytes + body.length;
    if (at + padded(length) > scratch.length) scratch = Buffer.concat([scratch], 2 * (at + padded(length)));
    const ack = i === end - 1 ? NLM_F_ACK : 0;
    writeHeader(scratch, at, {
      length,
      type,
      flags: (flags & ~NLM_F_ACK) | NLM_F_REQUEST | ack,
      sequence: sequence + i - from,
    });
    scratch.set(body, at + headerBytes);
    scratch.fill(0, at + length, at + padded(length));
    at += padded(length);
  }
  return scratch.subarray(0, at);
}
