import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import Consul from 'consul';
import type { Clock } from '../../model/clock.ts';
import type { Secrets, StoreCredentials } from '../credentials.ts';
import type { Answer, CallContext, Client, Extras, Pending } from './client.ts';
import type { KvItem, KvOp } from './kv.ts';
import { CallFailed, isTurnedAway, type Failure } from './errors.ts';
import { plainSockets, tlsSockets, type Sockets } from './sockets.ts';

export type TxnAnswer =
  | { readonly ok: true; readonly indexes: readonly number[] }
  /** Nothing was applied: which operations could not be, and what the server says of them. */
  | { readonly ok: false; readonly errors: readonly { readonly at: number; readonly what: string }[] };

export interface ListAnswer {
  /** X-Consul-Index: of the last change under the prefix, as far as the server remembers deletions. */
  readonly index: number;
  readonly items: readonly KvItem[];
  /** Milliseconds that the answer took; of a call that waited, since its first byte. */
  readonly took: number;
}

/**
 * What may be read below a prefix: `all` of it; none of it; or `perhaps` all: rules for keys further below may say otherwise,
 * and Consul tells nobody what he may not read.
 */
export type Permit = 'all' | 'perhaps' | 'none';

/** How long one call may take, in milliseconds, and what ends it before. */
export interface Limits {
  readonly within: number;
  readonly signal: AbortSignal;
}

interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

export interface ChannelPorts {
  readonly clock: Clock;
  /** Read for each call: the token goes with it, and connections are made with the rest. */
  readonly credentials: StoreCredentials;
  /** TLS, and a server that proves its name or address. */
  readonly secure: boolean;
}

/** Most milliseconds of a call that does not wait for a change. */
const mostForCall = 5000;
/** Milliseconds without an answer to such a call after which its connection is not the only one to be doubted. */
const silentFor = 1000;
/** Of the server's 200 connections per address, what short calls may use at most. */
const callSockets = 16;

/**
 * One Consul server. Of the package `consul` its HTTP client is used (paths, queries, decoding); of its own watches,
 * retries and its silence about refused writes nothing.
 */
export class Channel {
  readonly address: string;
  readonly #host: string;
  readonly #clock: Clock;
  readonly #credentials: StoreCredentials;
  /** As they were read for the last call. */
  #secrets: Secrets = {};
  readonly #sockets: Sockets;
  readonly #calls: Client;
  /** Calls that wait have connections of their own, so that no other one waits behind them. */
  readonly #waits: Client;

  constructor({ host, port }: ServerAddress, { clock, credentials, secure }: ChannelPorts) {
    this.#host = host;
    this.address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    this.#clock = clock;
    this.#credentials = credentials;
    const socketsOf = (options: { readonly maxSockets?: number }): Sockets =>
      secure ? tlsSockets({ host, port, secrets: () => this.#secrets }, options) : plainSockets(options);
    const clientOn = (sockets: Sockets): Client => {
      // The package cannot name an IPv6 address; the extension puts the real name in.
      const client = new Consul({ host: 'consul', port, agent: sockets.agent }) as unknown as Client;
      client._ext('onRequest', (request, next) => {
        this.#observe(request, sockets);
        next();
      });
      return client;
    };
    this.#sockets = socketsOf({ maxSockets: callSockets });
    this.#calls = clientOn(this.#sockets);
    this.#waits = clientOn(socketsOf({}));
  }

  /** Is there a connection that is free, so that a request would be sent at once? */
  get connected(): boolean {
    return Object.values(this.#sockets.agent.freeSockets).some((sockets) => (sockets?.length ?? 0) > 0);
  }

  async get(key: string, limits: Limits): Promise<KvItem | undefined> {
    const asked = { key, consistent: true, buffer: true } as const;
    const [, item] = await this.#call(limits, (extras) => this.#calls.kv.get({ ...asked, ...extras }));
    return item as KvItem | undefined;
  }

  /** The index of the last change of any key whatever, learned from a key that does not exist. */
  async lastIndex(absent: string, limits: Limits): Promise<number> {
    const asked = { key: absent, consistent: true, buffer: true } as const;
    const [answer] = await this.#call(limits, (extras) => this.#calls.kv.get({ ...asked, ...extras }));
    return indexOf(answer);
  }

  /** All keys that start with `prefix`; with `after`, once something under it has changed since, or after `wait`. */
  async list(
    prefix: string,
    limits: Limits,
    after?: { readonly index: number; readonly wait: number },
  ): Promise<ListAnswer> {
    const asked = { key: prefix, recurse: true, consistent: true, buffer: true } as const;
    const blocking = after === undefined ? {} : { index: after.index, wait: `${after.wait}ms` };
    const client = after === undefined ? this.#calls : this.#waits;
    let began = this.#clock.monotonic();
    const [answer, items] = await this.#call(limits, async (extras) => {
      const answered = await client.kv.get({ ...asked, ...blocking, ...extras });
      if (after !== undefined) began = extras.ctx.answering ?? began;
      return answered;
    });
    const took = this.#clock.monotonic() - began;
    return { index: indexOf(answer), items: (items ?? []) as readonly KvItem[], took };
  }

  async txn(ops: readonly KvOp[], limits: Limits): Promise<TxnAnswer> {
    const body = ops.map((KV) => ({ KV }));
    try {
      const [, answer] = await this.#call(limits, (extras) =>
        this.#calls.transaction.create(body, { consistent: true, ...extras }),
      );
      const { Results } = answer as { readonly Results: readonly { readonly KV: KvItem }[] };
      return { ok: true, indexes: Results.map(({ KV }) => KV.ModifyIndex) };
    } catch (error) {
      const refused = error instanceof CallFailed && error.status === 409 ? refusedBy(error) : undefined;
      if (refused === undefined) throw error;
      return { ok: false, errors: refused };
    }
  }

  /** Makes a session that deletes its keys when it ends; returns its id. It belongs to this node, else to the server's. */
  async createSession(ttlSeconds: number, node: string | undefined, limits: Limits): Promise<string> {
    const place = node === undefined ? {} : { node };
    // Without checks: the session lives as long as it is renewed, by way of whichever server.
    const life = { ttl: `${ttlSeconds}s`, behavior: 'delete', lockdelay: '0s', checks: [] };
    const wish = { name: 'weft', ...life, ...place };
    const [, made] = await this.#call(limits, (extras) => this.#calls.session.create({ ...wish, ...extras }));
    return (made as { readonly ID: string }).ID;
  }

  /** Puts a node into the catalog, or leaves it there. */
  async registerNode(node: string, address: string, limits: Limits): Promise<void> {
    await this.#call(limits, (extras) => this.#calls.catalog.register({ node, address, ...extras }));
  }

  /** @throws CallFailed with status 404 when there is no such session. */
  async renewSession(id: string, limits: Limits): Promise<void> {
    await this.#call(limits, (extras) => this.#calls.session.renew({ id, ...extras }));
  }

  /** Harmless when there is no such session. */
  async destroySession(id: string, limits: Limits): Promise<void> {
    await this.#call(limits, (extras) => this.#calls.session.destroy({ id, ...extras }));
  }

  async hasSession(id: string, limits: Limits): Promise<boolean> {
    const [, found] = await this.#call(limits, (extras) => this.#calls.session.info({ id, ...extras }));
    return found !== undefined;
  }

  /** A harmless question. @throws CallFailed also when the server knows no leader. */
  async ready(limits: Limits): Promise<void> {
    await this.leader(limits);
  }

  /** The address of the leader, as this server knows it. @throws CallFailed when it knows none. */
  async leader(limits: Limits): Promise<string> {
    const [, leader] = await this.#call(limits, (extras) => this.#calls.status.leader(extras));
    if (leader) return leader;
    throw new CallFailed(this.address, { details: 'the cluster has no leader', unsent: true });
  }

  /** Of the server's program, such as `1.8.7`. */
  async version(limits: Limits): Promise<string> {
    const [, self] = await this.#call(limits, (extras) => this.#calls.agent.self(extras));
    return self?.Config?.Version ?? '';
  }

  /** What whoever we are for the server may read below each of these prefixes. */
  async permits(prefixes: readonly string[], limits: Limits): Promise<readonly Permit[]> {
    const body = prefixes.flatMap((Segment) => [
      // Allowed only when no rule for anything below says otherwise; and who may write may read.
      { Resource: 'key', Segment, Access: 'write-prefix' },
      { Resource: 'key', Segment, Access: 'read' },
    ]);
    try {
      const [, answer] = await this.#call(limits, ({ ctx, timeout, token }) =>
        this.#calls._post(
          {
            path: '/internal/acl/authorize',
            type: 'json',
            body,
            ctx,
            timeout,
            headers: token === undefined ? {} : { 'x-consul-token': token },
          },
          ({ err, res }, next) => {
            if (err === undefined) next(false, undefined, [res, res?.body]);
            else next(false, Object.assign(err, { response: res }));
          },
        ),
      );
      const allowed = (answer as readonly { readonly Allow: boolean }[]).map(({ Allow }) => Allow);
      return prefixes.map((_, n) => (allowed[2 * n] ? 'all' : allowed[2 * n + 1] ? 'perhaps' : 'none'));
    } catch (error) {
      const status = error instanceof CallFailed ? error.status : undefined;
      // Nobody needs a permission.
      if (status === 401) return prefixes.map(() => 'all');
      // A server that does not know the question.
      if (status === 404 || status === 405) return prefixes.map(() => 'perhaps');
      throw error;
    }
  }

  close(): void {
    for (const client of [this.#calls, this.#waits]) client.destroy();
  }

  /** @throws CallFailed, or the reason of the signal. */
  async #call<T>({ within, signal }: Limits, send: (extras: Extras) => Answer<T>): Answer<T> {
    signal.throwIfAborted();
    const token = await this.#token();
    signal.throwIfAborted();
    const sent = this.#clock.monotonic();
    const ctx: CallContext = Object.assign(new EventEmitter(), { includeResponse: true as const });
    const cancel = (): void => void ctx.emit('cancel');
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const answer: unknown = await send({ ctx, timeout: Math.max(1, Math.ceil(within)), ...token });
      // Some failures are answers of the package, where it does not know them as errors.
      if (!Array.isArray(answer)) throw answer;
      return answer as unknown as Awaited<Answer<T>>;
    } catch (error) {
      const failure = failureOf(error);
      const isSilent = within <= mostForCall && this.#clock.monotonic() - sent >= silentFor;
      if (failure.status === undefined && isSilent) this.#dropIdle();
      signal.throwIfAborted();
      const { refusal } = ctx;
      throw new CallFailed(
        this.address,
        refusal === undefined ? failure : { details: refusal, unsent: true, distrust: true },
      );
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  /** Looks at the secrets anew. @throws CallFailed when there are none that can be used. */
  async #token(): Promise<{ readonly token?: string }> {
    try {
      this.#secrets = await this.#credentials.read();
    } catch (error) {
      throw new CallFailed(this.address, { details: (error as Error).message, unsent: true });
    }
    const { token } = this.#secrets;
    if (token === undefined) return {};
    if (/^[!-~]+$/.test(token)) return { token };
    const details = 'the token has characters that cannot be sent in header fields';
    throw new CallFailed(this.address, { details, unsent: true, distrust: true });
  }

  /** Where nobody answers on one connection, nobody may on those that lie idle. */
  #dropIdle(): void {
    for (const sockets of Object.values(this.#sockets.agent.freeSockets)) {
      for (const socket of [...(sockets ?? [])]) socket.destroy();
    }
  }

  /**
   * Names the server, notes when its answer begins, and says at once when it is cut off: the package would wait for its end.
   * A request that is given up takes its connection along, with all that has not left yet: it must not arrive later.
   */
  #observe(request: Pending, sockets: Sockets): void {
    const { transport, ctx } = request;
    request.transport = {
      request: (options) => {
        const sent = transport.request({ ...options, hostname: this.#host });
        sent.on('error', () => {
          const refusal = sockets.refusalOf(sent);
          if (ctx !== undefined && refusal !== undefined) ctx.refusal = refusal;
        });
        const destroy = sent.destroy.bind(sent);
        sent.destroy = (error) => {
          sockets.reset(sent);
          return destroy(error);
        };
        sent.on('response', (answer) => {
          if (ctx !== undefined) ctx.answering = this.#clock.monotonic();
          answer.on('close', () => {
            if (!answer.complete) sent.emit('error', new Error('the answer was cut off'));
          });
        });
        return sent;
      },
    };
  }
}

const indexOf = (answer: IncomingMessage): number => Number(answer.headers['x-consul-index'] ?? 0);

/** What the package throws: errors of Node, and its own with flags. */
interface Thrown {
  readonly message?: string;
  readonly code?: string;
  readonly syscall?: string;
  readonly isResponse?: true;
  readonly response?: { readonly statusCode: number; readonly body?: unknown };
}

const neverConnected: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

/** What servers written in Go answer to clear text. */
const wantsTls = 'HTTP request to an HTTPS server';

function failureOf(error: unknown): Failure {
  const { message = String(error), code = '', syscall, isResponse, response } = error as Thrown;
  if (isResponse !== true || response === undefined) {
    return { details: message, unsent: neverConnected.has(code) || syscall === 'connect' };
  }
  const { statusCode: status, body } = response;
  if (textOf(body).includes(wantsTls)) {
    return { details: 'the server wants TLS on this port: write consuls://', unsent: true, distrust: true };
  }
  const details = textOf(body) || message;
  return { status, details, unsent: isTurnedAway(status, details) };
}

function textOf(body: unknown): string {
  if (body === undefined) return '';
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body.toString() : JSON.stringify(body);
  return text.trim();
}

function refusedBy({ details }: CallFailed): readonly { readonly at: number; readonly what: string }[] {
  const { Errors } = JSON.parse(details) as {
    readonly Errors: readonly { readonly OpIndex: number; readonly What: string }[];
  };
  return Errors.map(({ OpIndex, What }) => ({ at: OpIndex, what: What }));
}
