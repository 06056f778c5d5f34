import { constants } from 'node:os';
import { NetlinkSocket } from '../netlink/socket.ts';
import {
  headerBytes,
  messagesIn,
  NLM_F_DUMP_INTR,
  NLMSG_ERROR,
  padded,
  writeHeader,
  type WireMessage,
} from '../netlink/wire.ts';

/** What becomes of the answer to a question. */
export type Disturbance =
  /** Something changed while it was put together: the kernel says so by a flag. */
  | 'interrupted'
  /** Its last message has no end, and the rest is lost. */
  | 'cut off'
  /** What says that it is complete is lost. */
  | 'without its end'
  /** The kernel refuses to answer, by an errno. */
  | keyof typeof constants.errno;

/**
 * Disturbs the answers to some of the questions that are put to the kernel, on all sockets of this process. The kernel itself has
 * answered, but for what is refused. Ends with its scope: `using disturbing = disturbDumps(...)`.
 */
export function disturbDumps(
  how: Disturbance,
  isHit: (nth: number) => boolean,
): Disposable & { readonly asked: number; readonly hits: number } {
  const { send, receive } = NetlinkSocket.prototype;
  const made = new WeakMap<NetlinkSocket, Uint8Array[]>();
  const count = { asked: 0, hits: 0 };

  NetlinkSocket.prototype.send = function (this: NetlinkSocket, bytes) {
    made.delete(this);
    const [question] = messagesIn(bytes);
    send.call(this, bytes);
    if (question === undefined || question.type % 4 !== 2) return;
    count.asked += 1;
    if (!isHit(count.asked)) return;
    count.hits += 1;
    const answer: Uint8Array[] = [];
    for (let part = receive.call(this); part !== undefined; part = receive.call(this))
      answer.push(Uint8Array.from(part));
    made.set(this, disturbed(how, question, answer));
  };
  NetlinkSocket.prototype.receive = function (this: NetlinkSocket) {
    const answer = made.get(this);
    return answer === undefined ? receive.call(this) : answer.shift();
  };
  return {
    get asked() {
      return count.asked;
    },
    get hits() {
      return count.hits;
    },
    [Symbol.dispose]: () => {
      NetlinkSocket.prototype.send = send;
      NetlinkSocket.prototype.receive = receive;
    },
  };
}

function disturbed(how: Disturbance, question: WireMessage, answer: readonly Uint8Array[]): Uint8Array[] {
  const [first = new Uint8Array(), ...rest] = answer;
  switch (how) {
    case 'interrupted':
      return [flagged(first), ...rest];
    case 'cut off':
      // A message is padded to four bytes at most: this is within the last one.
      return [first.subarray(0, first.length - 8)];
    case 'without its end':
      return answer.slice(0, -1);
    default:
      return [refusal(question, constants.errno[how])];
  }
}

function flagged(datagram: Uint8Array): Uint8Array {
  const bytes = Buffer.from(datagram);
  for (let at = 0; at + headerBytes <= bytes.length; at += padded(bytes.readUInt32LE(at)))
    bytes.writeUInt16LE(bytes.readUInt16LE(at + 6) | NLM_F_DUMP_INTR, at + 6);
  return bytes;
}

/** NLMSG_ERROR without a text, with the head of the request. */
function refusal({ type, flags, sequence }: WireMessage, errno: number): Uint8Array {
  const length = headerBytes + 4 + headerBytes;
  const bytes = Buffer.alloc(length);
  writeHeader(bytes, 0, { length, type: NLMSG_ERROR, flags: 0, sequence });
  bytes.writeInt32LE(-errno, headerBytes);
  writeHeader(bytes, headerBytes + 4, { length: headerBytes, type, flags, sequence });
  return bytes;
}
