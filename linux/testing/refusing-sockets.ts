import { constants } from 'node:os';
import { NetlinkSocket } from '../netlink/socket.ts';
import { headerBytes, messagesIn, NLM_F_ACK, NLMSG_ERROR, padded, writeHeader } from '../netlink/wire.ts';
import type { WireMessage } from '../netlink/wire.ts';

type ErrnoName = keyof typeof constants.errno;

/** Answers of the kernel that it never gave, for one socket. */
interface Made {
  /** To be read before those that it gave. */
  readonly before: Uint8Array[];
  /** The answer that ends an exchange: after all others. */
  readonly after: Uint8Array[];
}

/**
 * Has some of the requests that change something refused, on all sockets of this process, as if by the kernel: the request does not
 * get there. Ends with its scope: `using refusing = refuseRequests(...)`.
 */
export function refuseRequests(
  errno: ErrnoName,
  isRefused: (nth: number, request: WireMessage) => boolean,
): Disposable & { readonly requests: number; readonly refused: number } {
  const { send, receive } = NetlinkSocket.prototype;
  const made = new WeakMap<NetlinkSocket, Made>();
  const count = { requests: 0, refused: 0 };
  const number = constants.errno[errno];

  NetlinkSocket.prototype.send = function (this: NetlinkSocket, bytes) {
    const messages = messagesIn(Uint8Array.from(bytes));
    const answers: Made = { before: [], after: [] };
    made.set(this, answers);
    const kept = messages.filter((message, i) => {
      if (isRead(message)) return true;
      count.requests += 1;
      if (!isRefused(count.requests, message)) return true;
      count.refused += 1;
      (i === messages.length - 1 ? answers.after : answers.before).push(refusal(message, number));
      return false;
    });
    if (kept.length === messages.length) send.call(this, bytes);
    else if (kept.length > 0) send.call(this, Buffer.concat(kept.map(encode)));
  };
  NetlinkSocket.prototype.receive = function (this: NetlinkSocket) {
    const answers = made.get(this);
    return answers?.before.shift() ?? receive.call(this) ?? answers?.after.shift();
  };
  return {
    get requests() {
      return count.requests;
    },
    get refused() {
      return count.refused;
    },
    [Symbol.dispose]: () => {
      NetlinkSocket.prototype.send = send;
      NetlinkSocket.prototype.receive = receive;
    },
  };
}

/** Rtnetlink's requests come in fours: NEW, DEL, GET, SET. */
const isRead = ({ type }: WireMessage): boolean => type % 4 === 2;

function encode({ type, flags, sequence, body }: WireMessage): Buffer {
  const length = headerBytes + body.length;
  const bytes = Buffer.alloc(padded(length));
  writeHeader(bytes, 0, { length, type, flags, sequence });
  bytes.set(body, headerBytes);
  return bytes;
}

/** NLMSG_ERROR without a text, with the head of the request. */
function refusal({ type, flags, sequence }: WireMessage, errno: number): Buffer {
  const body = Buffer.alloc(4 + headerBytes);
  body.writeInt32LE(-errno, 0);
  writeHeader(body, 4, { length: headerBytes, type, flags: flags & ~NLM_F_ACK, sequence });
  return encode({ type: NLMSG_ERROR, flags: 0, sequence, body });
}
