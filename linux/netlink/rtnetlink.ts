import { setImmediate as turn } from 'node:timers/promises';
import { batchesOf, batchesOfSeries, exchange, type Batches } from './batch.ts';
import { dumpRows, wholeMessage } from './dump.ts';
import type {
  NetlinkMessage,
  NetlinkRefusal,
  NetlinkRequest,
  RequestSeries,
  RowReader,
  Rtnetlink,
} from './message.ts';
import { NetlinkSocket } from './socket.ts';

/** Rtnetlink in the network namespace in which the calling thread stands: the sockets stay there for life. */
export function rtnetlinkHere(): Rtnetlink {
  const writer = new NetlinkSocket();
  try {
    return new SocketPair(writer, new NetlinkSocket());
  } catch (error) {
    writer.close();
    throw error;
  }
}

/** A socket that reads cannot write: during a dump the answers of others would come in between. */
class SocketPair implements Rtnetlink {
  readonly #writer: NetlinkSocket;
  readonly #reader: NetlinkSocket;
  #sequence = 0;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(writer: NetlinkSocket, reader: NetlinkSocket) {
    this.#writer = writer;
    this.#reader = reader;
  }

  async send(requests: readonly NetlinkRequest[]): Promise<readonly (NetlinkRefusal | undefined)[]> {
    const outcomes = new Array<NetlinkRefusal | undefined>(requests.length).fill(undefined);
    await this.#sendAll(batchesOf(requests), (i, refusal) => {
      outcomes[i] = refusal;
    });
    return outcomes;
  }

  async sendSeries(series: RequestSeries): Promise<ReadonlyMap<number, NetlinkRefusal>> {
    const refusals = new Map<number, NetlinkRefusal>();
    await this.#sendAll(batchesOfSeries(series), (i, refusal) => refusals.set(i, refusal));
    return refusals;
  }

  dump(request: NetlinkRequest): Promise<readonly NetlinkMessage[]> {
    return this.rows(request, wholeMessage);
  }

  rows<T>(request: NetlinkRequest, read: RowReader<T>): Promise<readonly T[]> {
    const work = (): Promise<readonly T[]> =>
      dumpRows(request, read, { socket: this.#reader, nextSequence: () => this.#take(1) });
    const dumped = this.#reading.then(work);
    this.#reading = dumped.catch(() => undefined);
    return dumped;
  }

  close(): void {
    this.#writer.close();
    this.#reader.close();
  }

  async #sendAll(batches: Batches, refused: (i: number, refusal: NetlinkRefusal) => void): Promise<void> {
    for (let from = 0; from < batches.count;) {
      if (from > 0) await turn();
      const end = batches.end(from);
      exchange(this.#writer, batches, { sequence: this.#take(end - from), from, end }, refused);
      from = end;
    }
  }

  /** The first of `count` numbers that nobody had, never 0, and none that would not fit into 32 bits. */
  #take(count: number): number {
    if (this.#sequence + count >= 2 ** 32) this.#sequence = 0;
    const first = this.#sequence + 1;
    this.#sequence += count;
    return first;
  }
}
