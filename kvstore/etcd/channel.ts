import { connectivityState, Metadata, type Client } from '@grpc/grpc-js';
import { Host } from 'etcd3/lib/connection-pool.js';
import type {
  IAuthenticateRequest,
  IAuthenticateResponse,
  ILeaseGrantRequest,
  ILeaseGrantResponse,
  ILeaseKeepAliveRequest,
  ILeaseKeepAliveResponse,
  ILeaseRevokeRequest,
  ILeaseRevokeResponse,
  IRangeRequest,
  IRangeResponse,
  IStatusRequest,
  IStatusResponse,
  ITxnRequest,
  ITxnResponse,
  IWatchRequest,
  IWatchResponse,
} from 'etcd3/lib/rpc.js';
import { CallFailed, grpcStatus, isForbidden, isLoginLost, type StatusError } from './errors.ts';
import type { Login, Pass } from './login.ts';
import type { TlsCredentials } from './tls.ts';
import { Wire, type Place } from './wire.ts';

interface CallLimits {
  /** Wall-clock milliseconds; grpc turns it into a timer at once. */
  readonly deadline?: number;
}

/** A unary method of a grpc client. */
export type UnaryMethod<Q, A> = (
  request: Q,
  metadata: Metadata,
  limits: CallLimits,
  done: (error: StatusError | null, answer?: A) => void,
) => { cancel(): void };

/** A stream in both directions of a grpc client. */
export interface Duplex<Q, A> {
  write(request: Q): void;
  end(): void;
  cancel(): void;
  on(event: 'data', take: (answer: A) => void): unknown;
  on(event: 'end', take: () => void): unknown;
  on(event: 'error', take: (error: StatusError) => void): unknown;
}

/** The methods that we use, of all the services of one server. */
export interface Methods {
  readonly range: UnaryMethod<IRangeRequest, IRangeResponse>;
  readonly txn: UnaryMethod<ITxnRequest, ITxnResponse>;
  readonly leaseGrant: UnaryMethod<ILeaseGrantRequest, ILeaseGrantResponse>;
  readonly leaseRevoke: UnaryMethod<ILeaseRevokeRequest, ILeaseRevokeResponse>;
  readonly leaseKeepAlive: (
    metadata: Metadata,
    limits: CallLimits,
  ) => Duplex<ILeaseKeepAliveRequest, ILeaseKeepAliveResponse>;
  readonly watch: (metadata: Metadata) => Duplex<IWatchRequest, IWatchResponse>;
  readonly authenticate: UnaryMethod<IAuthenticateRequest, IAuthenticateResponse>;
}

/** One life of a channel: its clients share a connection. */
interface Link {
  readonly host: Host;
  readonly wire: Wire;
  readonly methods: Methods;
  /** Monotonic. */
  readonly since: number;
  /** Calls that wait for their answer: when each was sent, and what had been heard by then. */
  readonly waiting: Set<{ readonly at: number; readonly heard: number | undefined }>;
  /** Of the connection for `range` and `txn`; connects when there is none. */
  state(): connectivityState;
}

/** How long one call may take, in milliseconds, and what ends it before. */
export interface Limits {
  readonly within: number;
  readonly signal: AbortSignal;
}

export interface ChannelPorts {
  readonly login: Login;
  /** Absent: everybody on the way can read and change what is said. */
  readonly tls?: TlsCredentials;
}

const channelOptions = {
  // A server's answer to pings more often than its minimum is to hang up; 10 s is allowed by every one.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5000,
  // While a server is away each agent asks less than once a second; whoever waits for an answer asks at once: see `hasten`.
  'grpc.initial_reconnect_backoff_ms': 500,
  'grpc.min_reconnect_backoff_ms': 500,
  'grpc.max_reconnect_backoff_ms': 1250,
  'grpc.max_receive_message_length': -1,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_channelz': 0,
};

/**
 * Milliseconds after which a connection is doubted on which something was asked and nothing at all is heard. When the call
 * is given up, so is the connection.
 */
const silentFor = 1000;
/** Milliseconds between two connections that are made because somebody waits. */
const hasteEvery = 250;

/**
 * One etcd server. Of the package etcd3 only the connection is used: services and message types. A channel connects when it
 * is first used, and again, with pauses of about a second, after it broke.
 */
export class Channel {
  readonly address: string;
  readonly #place: Place;
  readonly #login: Login;
  readonly #tls: TlsCredentials | undefined;
  #link: Link | undefined;
  #closed = false;

  constructor(place: Place, { login, tls }: ChannelPorts) {
    this.address = `${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`;
    this.#place = place;
    this.#login = login;
    this.#tls = tls;
  }

  /**
   * One call, answered in time or not at all. When the server no longer knows who we are, it has done nothing, and is asked
   * once more after another login.
   *
   * @throws CallFailed, or the reason of the signal.
   */
  async unary<Q, A>(pick: (methods: Methods) => UnaryMethod<Q, A>, request: Q, limits: Limits): Promise<A> {
    const end = performance.now() + limits.within;
    const left = (): Limits => ({ within: end - performance.now(), signal: limits.signal });
    const { metadata, generation, provisional } = await this.#pass(left());
    try {
      return await this.#send(pick, request, metadata, left());
    } catch (error) {
      if (!isLoginLost(error) && !(provisional && isForbidden(error))) throw error;
      this.#login.drop(generation);
      return await this.#send(pick, request, (await this.#pass(left())).metadata, left());
    }
  }

  /** Keeps one lease alive once; the answer is its TTL in seconds, 0 when it is gone. */
  async keepAlive(id: string, limits: Limits): Promise<number> {
    const once: UnaryMethod<string, ILeaseKeepAliveResponse> = (lease, metadata, { deadline }, done) => {
      const { leaseKeepAlive } = this.#connect().methods;
      const stream = leaseKeepAlive(metadata, deadline === undefined ? {} : { deadline });
      stream.on('data', (answer) => done(null, answer));
      stream.on('end', () => done({ code: grpcStatus.unavailable, details: 'ended without an answer' }));
      stream.on('error', (error) => done(error));
      stream.write({ ID: lease });
      stream.end();
      return stream;
    };
    return Number((await this.unary(() => once, id, limits)).TTL);
  }

  /** What the server says of itself. Not part of the link: an agent never asks. */
  async status(limits: Limits): Promise<IStatusResponse> {
    type Status = UnaryMethod<IStatusRequest, IStatusResponse>;
    const client = this.#connect().host.getServiceClient('Maintenance') as unknown as {
      readonly status: Status;
    };
    const ask: Status = (...call) => client.status(...call);
    return await this.unary(() => ask, {}, limits);
  }

  /** A stream for many watches. The server ends it when it has lost its leader. @throws CallFailed of the login. */
  async watch(limits: Limits): Promise<Duplex<IWatchRequest, IWatchResponse>> {
    const { metadata } = await this.#pass(limits);
    const demanding = metadata.clone();
    demanding.set('hasleader', 'true');
    return this.#connect().methods.watch(demanding);
  }

  /** Is there a connection, so that a request would be sent at once, and nothing to say that it leads nowhere? */
  connected(): boolean {
    const link = this.#connect();
    return link.state() === connectivityState.READY && !isDoubtful(link);
  }

  /**
   * Somebody waits: connects now, not after the pause that follows a failure, and beside a connection on which nothing is
   * heard. What is under way there goes on.
   */
  hasten(): void {
    const link = this.#connect();
    const isUseless = link.state() === connectivityState.TRANSIENT_FAILURE || isDoubtful(link);
    if (!isUseless || performance.now() - link.since < hasteEvery) return;
    link.host.close();
    this.#link = undefined;
  }

  close(): void {
    this.#closed = true;
    this.#link?.host.close();
  }

  /** Who gives up leaves a login under way to those who wait for it, too. */
  async #pass(limits: Limits): Promise<Pass> {
    limits.signal.throwIfAborted();
    const pass = this.#login.pass(async (name, password) => {
      const patient = { within: limits.within, signal: new AbortController().signal };
      const request = { name, password };
      return (await this.#send((m) => m.authenticate, request, new Metadata(), patient)).token;
    });
    try {
      return await abortable(pass, limits.signal);
    } catch (error) {
      const isLost = error instanceof CallFailed && error.stage === 'sent';
      throw isLost ? new CallFailed(error.server, error, 'unsent') : error;
    }
  }

  async #send<Q, A>(
    pick: (methods: Methods) => UnaryMethod<Q, A>,
    request: Q,
    metadata: Metadata,
    { within, signal }: Limits,
  ): Promise<A> {
    signal.throwIfAborted();
    const link = this.#connect();
    const waiting = { at: performance.now(), heard: link.wire.heard };
    link.waiting.add(waiting);
    return await new Promise<A>((resolve, reject) => {
      const giveUp = (): void => {
        link.waiting.delete(waiting);
        if (isUnheard(link, waiting)) link.wire.hangUp();
      };
      const abort = (): void => {
        call.cancel();
        giveUp();
        reject(signal.reason as Error);
      };
      // Taken anew for each call: the wall clock may have jumped.
      const deadline = Date.now() + within;
      const call = pick(link.methods)(request, metadata, { deadline }, (error, answer) => {
        signal.removeEventListener('abort', abort);
        if (error?.code === grpcStatus.deadlineExceeded) giveUp();
        link.waiting.delete(waiting);
        if (error === null) resolve(answer as A);
        else reject(this.#failure(error));
      });
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  #failure(error: StatusError): CallFailed {
    const refusal = error.code === grpcStatus.unavailable ? this.#tls?.refusal : undefined;
    if (refusal === undefined) return new CallFailed(this.address, error);
    return new CallFailed(this.address, { code: error.code, details: refusal }, 'handshake');
  }

  #connect(): Link {
    this.#link ??= this.#makeLink();
    return this.#link;
  }

  #makeLink(): Link {
    const wire = new Wire(this.#place, this.#tls);
    const host = new Host(this.address, wire, channelOptions);
    if (this.#closed) host.close();
    const clientOf = (service: 'KV' | 'Lease' | 'Watch' | 'Auth'): Client => host.getServiceClient(service);
    const [kv, lease, watch, auth] = [clientOf('KV'), clientOf('Lease'), clientOf('Watch'), clientOf('Auth')];
    const bound = <K extends keyof Methods>(client: Client, name: K): Methods[K] => {
      const method = (client as unknown as Methods)[name] as (...args: readonly unknown[]) => unknown;
      return method.bind(client) as unknown as Methods[K];
    };
    return {
      host,
      wire,
      since: performance.now(),
      waiting: new Set(),
      methods: {
        range: bound(kv, 'range'),
        txn: bound(kv, 'txn'),
        leaseGrant: bound(lease, 'leaseGrant'),
        leaseRevoke: bound(lease, 'leaseRevoke'),
        leaseKeepAlive: bound(lease, 'leaseKeepAlive'),
        watch: bound(watch, 'watch'),
        authenticate: bound(auth, 'authenticate'),
      },
      state: () => kv.getChannel().getConnectivityState(true),
    };
  }
}

type Waiting = Link['waiting'] extends Set<infer W> ? W : never;

/** Has the server said nothing since, for a while? */
const isUnheard = ({ wire }: Link, { at, heard }: Waiting): boolean =>
  wire.heard === heard && performance.now() - at >= silentFor;

const isDoubtful = (link: Link): boolean => [...link.waiting].some((each) => isUnheard(link, each));

/** The signal ends the waiting, not the work. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}
