import type { Datagrams } from '../netlink/socket.ts';
import { headerBytes, messagesIn, padded, writeHeader, type WireMessage } from '../netlink/wire.ts';

/** One message of an answer, before it has bytes. */
export interface ScriptedMessage {
  readonly type: number;
  readonly flags?: number;
  readonly sequence: number;
  readonly body?: Uint8Array;
}

/** A socket without a kernel: `answer` says, for the requests of each send, the datagrams that come back. */
export class ScriptedSocket implements Datagrams {
  readonly sent: (readonly WireMessage[])[] = [];
  readonly #answer: (requests: readonly WireMessage[], send: number) => readonly ScriptedMessage[][];
  readonly #queue: Uint8Array[] = [];

  constructor(answer: (requests: readonly WireMessage[], send: number) => readonly ScriptedMessage[][]) {
    this.#answer = answer;
  }

  send(bytes: Uint8Array): void {
    const requests = messagesIn(Uint8Array.from(bytes));
    this.sent.push(requests);
    for (const datagram of this.#answer(requests, this.sent.length)) {
      this.#queue.push(Buffer.concat(datagram.map(encode)));
    }
  }

  receive(): Uint8Array | undefined {
    return this.#queue.shift();
  }
}

function encode({ type, flags = 0, sequence, body = new Uint8Array() }: ScriptedMessage): Buffer {
  const length = headerBytes + body.length;
  const bytes = Buffer.alloc(padded(length));
  writeHeader(bytes, 0, { length, type, flags, sequence });
  bytes.set(body, headerBytes);
  return bytes;
}
