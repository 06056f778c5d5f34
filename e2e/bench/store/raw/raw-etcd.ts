import { credentials, Metadata } from '@grpc/grpc-js';
import { Host } from 'etcd3/lib/connection-pool.js';
import type {
  IRangeRequest,
  IRangeResponse,
  ITxnRequest,
  ITxnResponse,
  IWatchRequest,
  IWatchResponse,
} from 'etcd3/lib/rpc.js';
import type { Txn } from '../../../../ipam/claims.ts';
import type { Duplex, UnaryMethod } from '../../../../kvstore/etcd/channel.ts';
import { KeySpace } from '../../../../kvstore/etcd/key-space.ts';
import { encodeTxn } from '../../../../kvstore/etcd/txn.ts';
import { refused, type RawStore } from './raw-store.ts';

interface Client {
  readonly range: UnaryMethod<IRangeRequest, IRangeResponse>;
  readonly txn: UnaryMethod<ITxnRequest, ITxnResponse>;
  readonly watch: () => Duplex<IWatchRequest, IWatchResponse>;
}

/** etcd by gRPC: one call each, one stream. */
export class RawEtcd implements RawStore {
  readonly #host: Host;
  readonly #space: KeySpace;

  constructor(port: number, prefix: string) {
    this.#host = new Host(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
    });
    this.#space = new KeySpace(prefix);
  }

  async txn({ conditions, ops }: Txn): Promise<number> {
    const request = encodeTxn(this.#space, conditions, ops, () => '0');
    const answer = await this.#call('KV', 'txn', request);
    if (!answer.succeeded) throw refused();
    return Number(answer.header.revision);
  }

  async list(prefix: string): Promise<number> {
    return (await this.#call('KV', 'range', this.#space.range(prefix))).kvs.length;
  }

  async watch(prefix: string, written: (keys: readonly string[]) => void): Promise<void> {
    const stream = this.#client('Watch').watch();
    await new Promise<void>((resolve, reject) => {
      stream.on('error', reject);
      stream.on('data', ({ created, events }) => {
        if (created) resolve();
        else written(events.map(({ kv }) => this.#space.relative(kv.key)));
      });
      stream.write({ create_request: this.#space.range(prefix) });
    });
  }

  close(): void {
    this.#host.close();
  }

  #client(service: 'KV' | 'Watch'): Client {
    return this.#host.getServiceClient(service) as unknown as Client;
  }

  async #call<M extends 'range' | 'txn'>(
    service: 'KV',
    method: M,
    request: Parameters<Client[M]>[0],
  ): Promise<Client[M] extends UnaryMethod<never, infer A> ? A : never> {
    const client = this.#client(service);
    return await new Promise((resolve, reject) => {
      const ask = client[method].bind(client) as UnaryMethod<unknown, never>;
      ask(request, new Metadata(), {}, (error, answer) => {
        if (error === null) resolve(answer as never);
        else reject(new Error(error.details));
      });
    });
  }
}
