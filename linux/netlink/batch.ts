import { errnoName } from './errno.ts';
import type { NetlinkRefusal, NetlinkRequest, RequestSeries } from './message.ts';
import { brokenSocket, type Datagrams } from './socket.ts';
import {
  headerBytes,
  messagesIn,
  NLM_F_ACK,
  NLM_F_REQUEST,
  NLMSG_ERROR,
  padded,
  refusalIn,
  roomOf,
  writeHeader,
} from './wire.ts';

/** More in one send leaves the kernel short of per-CPU memory: ten thousand in one take ten times as long. */
export const batchRequests = 64;
/** The usual send buffer takes 208 KiB of one datagram. */
const batchBytes = 65_536;

/** Where batches are put together; it grows to the largest ever sent. */
let room = roomOf(batchBytes);

/** Requests by the batches in which they are sent. */
export interface Batches {
  /** How many requests there are. */
  readonly count: number;
  /** The end of the batch that begins with request `from`. */
  end(from: number): number;
  /** Its requests one behind the other, of which the last asks for an answer. Good until the next call. */
  encode(batch: Batch): Uint8Array;
}

/** At least one request goes into a send, otherwise up to the limits. */
export function batchesOf(requests: readonly NetlinkRequest[]): Batches {
  return {
    count: requests.length,
    end(from) {
      let bytes = 0;
      let end = from;
      while (end < requests.length && end - from < batchRequests) {
        bytes += padded(headerBytes + (requests[end] as NetlinkRequest).body.length);
        if (bytes > batchBytes && end > from) break;
        end += 1;
      }
      return end;
    },
    encode: (batch) => encode(requests, batch),
  };
}

export function batchesOfSeries(series: RequestSeries): Batches {
  return {
    count: series.count,
    end: (from) => Math.min(from + batchRequests, series.count),
    encode({ sequence, from, end }) {
      const { words, bytes } = room;
      let at = 0;
      let start = 0;
      for (let i = from; i < end; i += 1) {
        start = at;
        at = series.write(i, room, start);
        words[start + 2] = sequence + i - from;
        words[start + 3] = 0;
      }
      // Flags are the upper half of the second word.
      words[start + 1] = (words[start + 1] ?? 0) | (NLM_F_ACK << 16);
      return bytes.subarray(0, at * 4);
    },
  };
}

/** One send: the requests from `from` to `end`, numbered from `sequence` on. */
export interface Batch {
  readonly sequence: number;
  readonly from: number;
  readonly end: number;
}

/**
 * Sends a batch and reads what the kernel says, in one synchronous stretch. Only the last request asks for an answer: the
 * kernel goes through them in order and reports each refusal without being asked.
 *
 * @param refused is told each refusal and the number of its request.
 * @throws KERNEL_REFUSED when the socket fails or the last answer is missing.
 */
export function exchange(
  socket: Datagrams,
  batches: Batches,
  batch: Batch,
  refused: (i: number, refusal: NetlinkRefusal) => void,
): void {
  const { sequence, from, end } = batch;
  socket.send(batches.encode(batch));
  const last = sequence + (end - from) - 1;
  for (;;) {
    const datagram = socket.receive();
    if (datagram === undefined) throw brokenSocket('the kernel did not confirm the last request');
    for (const message of messagesIn(datagram)) {
      // Anything else is late news of an exchange that failed, or the echo of a request.
      if (message.type !== NLMSG_ERROR || message.sequence < sequence || message.sequence > last) continue;
      const { errno, text } = refusalIn(message);
      if (errno !== 0) refused(from + message.sequence - sequence, { errno: errnoName(errno), text });
      if (message.sequence === last) return;
    }
  }
}

function encode(requests: readonly NetlinkRequest[], { sequence, from, end }: Batch): Uint8Array {
  let at = 0;
  for (let i = from; i < end; i += 1) {
    const { type, flags, body } = requests[i] as NetlinkRequest;
    const length = headerBytes + body.length;
    if (at + padded(length) > room.bytes.length) room = roomOf(2 * (at + padded(length)), room.bytes);
    const { bytes } = room;
    const ack = i === end - 1 ? NLM_F_ACK : 0;
    writeHeader(bytes, at, {
      length,
      type,
      flags: (flags & ~NLM_F_ACK) | NLM_F_REQUEST | ack,
      sequence: sequence + i - from,
    });
    bytes.set(body, at + headerBytes);
    bytes.fill(0, at + length, at + padded(length));
    at += padded(length);
  }
  return room.bytes.subarray(0, at);
}
