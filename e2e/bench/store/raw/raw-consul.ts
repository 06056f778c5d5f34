import { Agent, request } from 'node:http';
import type { Txn } from '../../../../ipam/claims.ts';
import { KeySpace } from '../../../../kvstore/consul/key-space.ts';
import { encodeTxn } from '../../../../kvstore/consul/txn.ts';
import { refused, type RawStore } from './raw-store.ts';

interface Answer {
  readonly status: number;
  /** X-Consul-Index. */
  readonly index: number;
  readonly body: string;
}
interface Item {
  readonly Key: string;
  readonly Value: string;
  readonly ModifyIndex: number;
}

/** Of no key Consul says nothing. */
const itemsIn = (body: string): readonly Item[] => (body === '' ? [] : (JSON.parse(body) as readonly Item[]));

/** Consul by HTTP: one request each; a watch asks again as soon as it has its answer. */
export class RawConsul implements RawStore {
  readonly #port: number;
  readonly #space: KeySpace;
  readonly #sockets = new Agent({ keepAlive: true });
  #flags = 0;
  #closed = false;

  constructor(port: number, prefix: string) {
    this.#port = port;
    this.#space = new KeySpace(prefix);
  }

  async txn({ conditions, ops }: Txn): Promise<number> {
    this.#flags += 1;
    const encode = {
      space: this.#space,
      idOf: () => {
        throw new Error('nothing here has a lease');
      },
      flags: this.#flags,
    };
    const { steps } = encodeTxn(conditions, ops, new Map(), encode);
    const answer = await this.#ask('PUT', '/v1/txn', JSON.stringify(steps.map(({ op }) => ({ KV: op }))));
    if (answer.status !== 200) throw refused();
    const { Results } = JSON.parse(answer.body) as { readonly Results: readonly { readonly KV: Item }[] };
    return Math.max(...Results.map(({ KV }) => KV.ModifyIndex));
  }

  async list(prefix: string): Promise<number> {
    const { body } = await this.#ask('GET', this.#path(prefix));
    return itemsIn(body).map(({ Value }) => Buffer.from(Value, 'base64')).length;
  }

  async watch(prefix: string, written: (keys: readonly string[]) => void): Promise<void> {
    const first = await this.#ask('GET', this.#path(prefix));
    void this.#follow(prefix, first.index, written);
  }

  async #follow(prefix: string, from: number, written: (keys: readonly string[]) => void): Promise<void> {
    for (let since = from; !this.#closed;) {
      const { index, body } = await this.#ask('GET', `${this.#path(prefix)}&index=${since}&wait=60s`);
      const last = since;
      written(
        itemsIn(body)
          .filter((i) => i.ModifyIndex > last)
          .map(({ Key }) => Key.slice(this.#space.prefix.length)),
      );
      since = index;
    }
  }

  close(): void {
    this.#closed = true;
    this.#sockets.destroy();
  }

  #path(prefix: string): string {
    return `/v1/kv/${this.#space.absolute(prefix)}?recurse&consistent`;
  }

  async #ask(method: 'GET' | 'PUT', path: string, body?: string): Promise<Answer> {
    return await new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: this.#port, method, path, agent: this.#sockets };
      const sent = request(options, (answer) => {
        const parts: Buffer[] = [];
        answer.on('error', reject).on('data', (part: Buffer) => parts.push(part));
        answer.on('end', () => {
          const { statusCode: status = 0, headers } = answer;
          const index = Number(headers['x-consul-index'] ?? 0);
          resolve({ status, index, body: Buffer.concat(parts).toString() });
        });
      });
      sent.on('error', reject).end(body);
    });
  }
}
