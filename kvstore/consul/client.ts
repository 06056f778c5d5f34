import type { EventEmitter } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { KvItem, KvOp } from './kv.ts';

/** What the package takes besides the parameters of a call. */
export interface CallContext extends EventEmitter {
  readonly includeResponse: true;
  /** When the answer began. */
  answering?: number;
  /** Why there is no trust between the server and us. */
  refusal?: string;
}
export interface Extras {
  readonly ctx: CallContext;
  readonly timeout: number;
  readonly token?: string;
}
export type Answer<T> = Promise<readonly [IncomingMessage, T?]>;

/** The package's client, as far as it is used and as it really answers: its types tell less, and of transactions nothing. */
export interface Client {
  readonly kv: {
    get(
      options: {
        readonly key: string;
        readonly recurse?: true;
        readonly consistent: true;
        readonly buffer: true;
        readonly index?: number;
        readonly wait?: string;
      } & Extras,
    ): Answer<readonly KvItem[] | KvItem>;
  };
  readonly transaction: {
    create(
      operations: readonly { readonly KV: KvOp }[],
      options: { readonly consistent: true } & Extras,
    ): Answer<unknown>;
  };
  readonly session: {
    create(options: Readonly<Record<string, unknown>> & Extras): Answer<{ readonly ID: string }>;
    renew(options: { readonly id: string } & Extras): Answer<unknown>;
    destroy(options: { readonly id: string } & Extras): Answer<never>;
    info(options: { readonly id: string } & Extras): Answer<unknown>;
  };
  readonly catalog: {
    register(options: { readonly node: string; readonly address: string } & Extras): Answer<unknown>;
  };
  readonly status: { leader(options: Extras): Answer<string> };
  readonly agent: { self(options: Extras): Answer<{ readonly Config?: { readonly Version?: string } }> };
  destroy(): void;
  /** Of the package below: a request that the package has no name for. */
  _post(
    request: { readonly path: string; readonly type: 'json'; readonly body: unknown } & SentExtras,
    done: (request: Finished, next: (stop: false, error?: unknown, answer?: unknown) => void) => void,
  ): Answer<unknown>;
  _ext(event: 'onRequest', extension: (request: Pending, next: () => void) => void): void;
}

/** What the package makes of extras. */
interface SentExtras {
  readonly ctx: CallContext;
  readonly timeout: number;
  readonly headers: Readonly<Record<string, string>>;
}

interface Finished {
  readonly err?: object;
  readonly res?: IncomingMessage & { readonly body?: unknown };
}

/** A request that is about to be sent. */
export interface Pending {
  readonly ctx?: CallContext;
  transport: { request(options: object): ClientRequest };
}
