import type { IWatchCreateRequest, IWatchRequest, IWatchResponse } from 'etcd3/lib/rpc.js';
import { WeftError } from '../../model/errors.ts';
import type { Clock, Timer } from '../../model/clock.ts';
import type { Revision } from '../store.ts';
import type { Channel, Duplex } from './channel.ts';
import { asStoreError, CallFailed, grpcStatus, isContactLost } from './errors.ts';
import type { KeyRange, KeySpace } from './key-space.ts';
import type { Login } from './login.ts';
import { decodeEvents, type WatchEvent } from './watch-events.ts';

/** Who wants the events of a range. Nothing is called after `close` of the subscription, nor after `broken`. */
export interface Subscriber {
  opened(): void;
  /** Whole revisions, in order. */
  events(events: readonly WatchEvent[]): void;
  compacted(): void;
  broken(error: Error): void;
}

export interface Subscription {
  close(): void;
}

/** A server that can be asked for a stream. */
export type WatchServer = Pick<Channel, 'address' | 'watch'>;

export interface StreamPorts {
  readonly calls: {
    readonly channel: WatchServer;
    /** Aborts when this server is left for another one. */
    readonly left: AbortSignal;
    failed(server: WatchServer, why: Error): void;
  };
  readonly login: Pick<Login, 'generation' | 'drop'>;
  readonly space: KeySpace;
  readonly clock: Clock;
}

/** Milliseconds for the answer to a wish to watch. */
const patience = 5000;

/**
 * All watches of one client, on one gRPC stream. When the stream ends they all do, and the next one opens another. A stream
 * has the login that it began with: after another one the watches that are on it stay, and new ones get a stream of theirs.
 */
export class WatchStreams {
  readonly #ports: StreamPorts;
  readonly #earlier = new Set<Stream>();
  #stream: Stream | undefined;
  #closed = false;

  constructor(ports: StreamPorts) {
    this.#ports = ports;
  }

  /** Events of these keys from a revision on. */
  open(range: KeyRange, from: Revision, subscriber: Subscriber): Subscription {
    const member = { subscriber, parts: [] as readonly WatchEvent[], gone: false };
    const stream = this.#closed ? undefined : this.#current();
    // `fragment`: an answer above the server's limit comes in parts instead of breaking the stream.
    stream?.add({ ...range, start_revision: from, fragment: true }, member);
    return {
      close: () => {
        stream?.remove(member);
        if (stream !== this.#stream && stream?.empty === true) stream.close();
      },
    };
  }

  close(): void {
    this.#closed = true;
    for (const stream of [...this.#earlier, this.#stream]) stream?.close();
  }

  #current(): Stream {
    const stream = this.#stream;
    const fits = stream !== undefined && !stream.ended && stream.login === this.#ports.login.generation;
    if (fits) return stream;
    if (stream !== undefined) this.#earlier.add(stream);
    for (const each of this.#earlier) {
      if (each.empty) each.close();
      if (each.ended) this.#earlier.delete(each);
    }
    this.#stream = new Stream(this.#ports);
    return this.#stream;
  }
}

interface Member {
  readonly subscriber: Subscriber;
  /** Parts of an answer that is not complete. */
  parts: readonly WatchEvent[];
  gone: boolean;
}

class Stream {
  readonly #ports: StreamPorts;
  readonly #channel: WatchServer;
  /** Asked for and not answered; the server answers in order. */
  readonly #asked: { readonly member: Member; readonly timer: Timer }[] = [];
  readonly #members = new Map<string, Member>();
  readonly #unsent: IWatchRequest[] = [];
  readonly #end = new AbortController();
  /** Generation of the login. */
  readonly login: number;
  #duplex: Duplex<IWatchRequest, IWatchResponse> | undefined;

  constructor(ports: StreamPorts) {
    this.#ports = ports;
    this.#channel = ports.calls.channel;
    this.login = ports.login.generation;
    const { left } = ports.calls;
    // Others have found that it does not answer; the stream itself would notice late.
    const leave = (): void =>
      this.#fail({ code: grpcStatus.unavailable, details: (left.reason as Error).message });
    left.addEventListener('abort', leave, { once: true, signal: this.#end.signal });
    void this.#connect();
  }

  add(request: IWatchCreateRequest, member: Member): void {
    const timer = this.#ports.clock.after(patience, () => {
      this.#fail({ code: grpcStatus.unavailable, details: `no answer within ${patience} ms` });
    });
    this.#asked.push({ member, timer });
    this.#send({ create_request: request });
  }

  remove(member: Member): void {
    member.gone = true;
    for (const [id, each] of this.#members) if (each === member) this.#cancel(id);
  }

  close(): void {
    this.#finish();
  }

  get ended(): boolean {
    return this.#end.signal.aborted;
  }

  /** Is there no watch on it, nor one asked for? */
  get empty(): boolean {
    return this.#members.size + this.#asked.length === 0;
  }

  async #connect(): Promise<void> {
    try {
      const limits = { within: patience, signal: this.#end.signal };
      const duplex = await this.#channel.watch(limits);
      if (this.ended) {
        duplex.cancel();
        return;
      }
      this.#duplex = duplex;
      duplex.on('error', (error) => this.#fail(error));
      duplex.on('end', () => this.#fail({ code: grpcStatus.unavailable, details: 'the stream has ended' }));
      duplex.on('data', (response) => this.#take(response));
      for (const request of this.#unsent.splice(0)) duplex.write(request);
    } catch (error) {
      this.#fail(
        error instanceof CallFailed ? error : { code: grpcStatus.unavailable, details: String(error) },
      );
    }
  }

  #send(request: IWatchRequest): void {
    if (this.#duplex === undefined) this.#unsent.push(request);
    else this.#duplex.write(request);
  }

  #cancel(id: string): void {
    this.#members.delete(id);
    this.#send({ cancel_request: { watch_id: id } });
  }

  #take(response: IWatchResponse): void {
    if (this.ended) return;
    if (response.created) return this.#created(response);
    const member = this.#members.get(response.watch_id);
    if (member === undefined) return;
    if (response.canceled) {
      this.#members.delete(response.watch_id);
      return this.#cancelled(member, response);
    }
    const events = [...member.parts, ...decodeEvents(this.#ports.space, response)];
    member.parts = response.fragment ? events : [];
    if (!response.fragment && events.length > 0) member.subscriber.events(events);
  }

  #created(response: IWatchResponse): void {
    const asked = this.#asked.shift();
    if (asked === undefined) return;
    asked.timer.cancel();
    const { member } = asked;
    if (response.canceled) {
      if (!member.gone) this.#cancelled(member, response);
      return;
    }
    this.#members.set(response.watch_id, member);
    if (member.gone) this.#cancel(response.watch_id);
    else member.subscriber.opened();
  }

  /** The server ends one watch and leaves the others on the stream. */
  #cancelled({ subscriber }: Member, response: IWatchResponse): void {
    if (Number(response.compact_revision) > 0) return subscriber.compacted();
    // An outdated token is answered like a missing permission; after the next login there is another stream.
    this.#ports.login.drop(this.login);
    subscriber.broken(
      new WeftError(
        'STORE_DENIED',
        `etcd ${this.#channel.address} ended a watch: ${response.cancel_reason}`,
        {
          details: { server: this.#channel.address },
        },
      ),
    );
  }

  #fail(status: { readonly code: number; readonly details: string }): void {
    if (this.ended) return;
    const left = [...this.#members.values(), ...this.#asked.map(({ member }) => member)];
    this.#finish();
    const failed = status instanceof CallFailed ? status : new CallFailed(this.#channel.address, status);
    if (isContactLost(failed)) this.#ports.calls.failed(this.#channel, failed);
    const error = asStoreError(failed, `watch ${this.#ports.space.prefix}`, 'read');
    for (const member of left) if (!member.gone) member.subscriber.broken(error);
  }

  #finish(): void {
    this.#end.abort(new Error('the stream is closed'));
    for (const { timer } of this.#asked.splice(0)) timer.cancel();
    this.#members.clear();
    this.#duplex?.cancel();
  }
}
