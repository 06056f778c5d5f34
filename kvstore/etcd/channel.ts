import { ConnectionPool } from 'etcd3/lib/connection-pool.js';
import type { IOptions } from 'etcd3/lib/options.js';
import type {
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
import { CallFailed, grpcStatus, type StatusError } from './errors.ts';

type Connection = Parameters<Parameters<ConnectionPool['withConnection']>[1]>[0];
type Metadata = Connection['metadata'];
type Policy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>;

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
}

interface Link {
  readonly methods: Methods;
  readonly metadata: Metadata;
  /** Is a connection for `range` and `txn` established at this moment? */
  connected(): boolean;
}

/** etcd3's own policies resend blindly and refuse to call for seconds; ours are in calls.ts. */
const noPolicy = {
  execute: async <T>(work: () => PromiseLike<T> | T): Promise<T> => work(),
} as unknown as Policy;

const channelOptions = {
  // A server's answer to pings more often than its minimum is to hang up; 10 s is allowed by every one.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5000,
  'grpc.initial_reconnect_backoff_ms': 250,
  'grpc.min_reconnect_backoff_ms': 250,
  'grpc.max_reconnect_backoff_ms': 2000,
  'grpc.max_receive_message_length': -1,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_channelz': 0,
};

/** `grpc.connectivityState.READY`. */
const ready = 2;

/**
 * One etcd server. Of the package etcd3 only the connection is used: channels, credentials and message types. A channel
 * connects when it is first used, and again, with pauses that grow, after it broke.
 */
export class Channel {
  readonly address: string;
  readonly #pool: ConnectionPool;
  #link: Promise<Link> | undefined;

  constructor(address: string) {
    this.address = address;
    this.#pool = new ConnectionPool({
      hosts: address,
      grpcOptions: channelOptions,
      faultHandling: { global: noPolicy, host: () => noPolicy },
    });
  }

  /** One call, answered before `deadline` (wall clock). @throws CallFailed, or the reason of the signal. */
  async unary<Q, A>(
    pick: (methods: Methods) => UnaryMethod<Q, A>,
    request: Q,
    limits: { readonly deadline: number; readonly signal: AbortSignal },
  ): Promise<A> {
    const { methods, metadata } = await this.#connect();
    const { signal, deadline } = limits;
    signal.throwIfAborted();
    return await new Promise<A>((resolve, reject) => {
      const abort = (): void => {
        call.cancel();
        reject(signal.reason as Error);
      };
      const call = pick(methods)(request, metadata, { deadline }, (error, answer) => {
        signal.removeEventListener('abort', abort);
        if (error === null) resolve(answer as A);
        else reject(new CallFailed(this.address, error));
      });
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  /** Keeps one lease alive once; the answer is its TTL in seconds, 0 when it is gone. */
  async keepAlive(
    id: string,
    limits: { readonly deadline: number; readonly signal: AbortSignal },
  ): Promise<number> {
    const once: UnaryMethod<string, ILeaseKeepAliveResponse> = (lease, metadata, { deadline }, done) => {
      const stream = methods.leaseKeepAlive(metadata, deadline === undefined ? {} : { deadline });
      stream.on('data', (answer) => done(null, answer));
      stream.on('end', () => done({ code: grpcStatus.unavailable, details: 'ended without an answer' }));
      stream.on('error', (error) => done(error));
      stream.write({ ID: lease });
      stream.end();
      return stream;
    };
    const { methods } = await this.#connect();
    return Number((await this.unary(() => once, id, limits)).TTL);
  }

  /** What the server says of itself. Not part of the link: an agent never asks. */
  async status(limits: {
    readonly deadline: number;
    readonly signal: AbortSignal;
  }): Promise<IStatusResponse> {
    const { client } = await this.#pool.withConnection('Maintenance', (connection) => connection);
    type Status = UnaryMethod<IStatusRequest, IStatusResponse>;
    const { status } = client as unknown as { readonly status: Status };
    const ask: Status = (...call) => status.apply(client, call);
    return await this.unary(() => ask, {}, limits);
  }

  /** A stream for many watches. The server ends it when it has lost its leader. */
  async watch(): Promise<Duplex<IWatchRequest, IWatchResponse>> {
    const { methods, metadata } = await this.#connect();
    const demanding = metadata.clone();
    demanding.set('hasleader', 'true');
    return methods.watch(demanding);
  }

  /** Is there a connection, so that a request would be sent at once? */
  async connected(): Promise<boolean> {
    return (await this.#connect()).connected();
  }

  close(): void {
    this.#pool.close();
  }

  #connect(): Promise<Link> {
    this.#link ??= this.#makeLink();
    return this.#link;
  }

  async #makeLink(): Promise<Link> {
    const clientOf = async (service: 'KV' | 'Lease' | 'Watch'): Promise<Connection> =>
      await this.#pool.withConnection(service, (connection) => connection);
    const [kv, lease, watch] = [await clientOf('KV'), await clientOf('Lease'), await clientOf('Watch')];
    const bound = <K extends keyof Methods>(connection: Connection, name: K): Methods[K] => {
      const { client } = connection;
      const method = (client as unknown as Methods)[name] as (...args: readonly unknown[]) => unknown;
      return method.bind(client) as unknown as Methods[K];
    };
    return {
      methods: {
        range: bound(kv, 'range'),
        txn: bound(kv, 'txn'),
        leaseGrant: bound(lease, 'leaseGrant'),
        leaseRevoke: bound(lease, 'leaseRevoke'),
        leaseKeepAlive: bound(lease, 'leaseKeepAlive'),
        watch: bound(watch, 'watch'),
      },
      metadata: kv.metadata,
      connected: () => (kv.client.getChannel().getConnectivityState(true) as number) === ready,
    };
  }
}
