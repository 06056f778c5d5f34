import { setTimeout as pause } from 'node:timers/promises';
import type { DetachedJson, EndpointJson } from '../../../api/schemas/endpoint.ts';
import type { ReservedJson } from '../../../api/schemas/address.ts';
import { WeftError, type ErrorCode } from '../../../model/errors.ts';
import { call } from '../../lab/call.ts';
import type { Host } from '../../lab/host.ts';
import type { Sandbox } from '../../lab/sandbox.ts';
import type { Random } from '../../soak/random.ts';
import type { Book } from './book.ts';

export interface WorkerPorts {
  readonly name: string;
  readonly host: Host;
  /** One for all its endpoints: each is an interface more. */
  readonly sandbox: Sandbox;
  readonly network: string;
  /** Every address that an endpoint can have. */
  readonly usable: readonly string[];
  readonly book: Book;
  readonly random: Random;
}

/** Milliseconds that one call may take, and for which a worker asks again and again. */
const timeout = 4000;
const patience = 90_000;

/** Answers after which the same call is made again: what came of it is not known, or it will pass. */
const passing = ({ code, retry }: WeftError): boolean =>
  code === 'ENDPOINT_CONFLICT' || (retry === 'transient' && code !== 'POOL_EXHAUSTED');

type Answer<T> = { readonly value: T } | { readonly code: ErrorCode; readonly message: string };

/** A client of one agent, which makes one call after the other, and each again until it is answered for good. */
export class Worker {
  readonly #ports: WorkerPorts;
  readonly #own: string[] = [];
  #next = 0;

  constructor(ports: WorkerPorts) {
    this.#ports = ports;
  }

  /** Attaches more than it detaches for as long as somebody wants. */
  async churn(goesOn: () => boolean): Promise<void> {
    const { random } = this.#ports;
    while (goesOn()) {
      const deed = random.weighted<() => Promise<unknown>>([
        [12, () => this.#attach()],
        [2, () => this.#attachFixed()],
        [2, () => this.#attachReserved()],
        [2, () => this.#repeat()],
        [4, () => this.#detach()],
      ]);
      await deed?.();
    }
  }

  /** Attaches until nothing is free. */
  async fill(): Promise<void> {
    while (await this.#attach());
  }

  /** Detaches all that it has, in any order. */
  async empty(): Promise<void> {
    while (await this.#detach());
  }

  /** False: nothing was free. */
  async #attach(more: Readonly<Record<string, unknown>> = {}): Promise<boolean> {
    const { name, book, host } = this.#ports;
    const key = `${name}-${this.#next}`;
    this.#next += 1;
    const answer = await this.#asked<EndpointJson>(`attach ${key}`, '/v1/attach', {
      ...this.#bodyOf(key),
      ...more,
    });
    if ('value' in answer) {
      book.counts.attached += 1;
      book.tell(`${key} has ${answer.value.addresses.join(', ')} as ${answer.value.id}`);
      book.attached(key, host, answer.value);
      this.#own.push(key);
      return true;
    }
    book.tell(`${key} is refused: ${answer.code} ${answer.message}`);
    if (answer.code === 'POOL_EXHAUSTED') book.counts.exhausted += 1;
    else if (answer.code === 'ADDRESS_TAKEN' && 'addresses' in more) book.counts.taken += 1;
    else book.complain(`attach ${key} ends with ${answer.code}: ${answer.message}`);
    return false;
  }

  async #attachFixed(): Promise<void> {
    const { random, usable } = this.#ports;
    await this.#attach({ addresses: [random.pick(usable)] });
  }

  /** The two steps of a container runtime. */
  async #attachReserved(): Promise<void> {
    const { network, name, book } = this.#ports;
    const reservation = `r-${name}-${this.#next}`;
    const body = { network, name: reservation, owner: name, timeout };
    const answer = await this.#asked<ReservedJson>(`reserve ${reservation}`, '/v1/reservations', body);
    if ('value' in answer) {
      book.counts.reserved += 1;
      book.tell(`${reservation} keeps ${answer.value.reservation.addresses.join(', ')}`);
      await this.#attach({ reservation, owner: name });
    } else if (answer.code === 'POOL_EXHAUSTED') book.counts.exhausted += 1;
    else book.complain(`reserve ${reservation} ends with ${answer.code}: ${answer.message}`);
  }

  async #repeat(): Promise<void> {
    const { random, book, host } = this.#ports;
    const key = random.pick(this.#own);
    if (key === undefined) return;
    const answer = await this.#asked<EndpointJson>(`attach ${key} again`, '/v1/attach', this.#bodyOf(key));
    if ('value' in answer) {
      book.counts.repeated += 1;
      book.attached(key, host, answer.value);
    } else book.complain(`attach ${key} again ends with ${answer.code}: ${answer.message}`);
  }

  /** False: it has nothing. */
  async #detach(): Promise<boolean> {
    const { network, random, book } = this.#ports;
    const key = random.pick(this.#own);
    if (key === undefined) return false;
    this.#own.splice(this.#own.indexOf(key), 1);
    book.detaching(key);
    const body = { network, key, timeout };
    const answer = await this.#asked<DetachedJson>(`detach ${key}`, '/v1/detach', body);
    if ('value' in answer) {
      book.counts.detached += 1;
      book.tell(`${key} is detached${answer.value.storePending === true ? ', store pending' : ''}`);
    } else book.complain(`detach ${key} ends with ${answer.code}: ${answer.message}`);
    return true;
  }

  #bodyOf(key: string): Readonly<Record<string, unknown>> {
    const { network, sandbox } = this.#ports;
    return { network, sandbox: sandbox.namespace, key, timeout };
  }

  /** Asks until there is an answer that says what is so. */
  async #asked<T>(what: string, path: string, body: unknown): Promise<Answer<T>> {
    const { host, book } = this.#ports;
    const end = performance.now() + patience;
    for (;;) {
      const answer = await call<T>(host, 'POST', path, body).then(
        (value): Answer<T> & { readonly isSure: true } => ({ value, isSure: true }),
        (error: unknown) => {
          if (!(error instanceof WeftError)) throw error;
          const { code, message } = error;
          return { code, message, isSure: !passing(error) };
        },
      );
      if (answer.isSure) return answer;
      if ('value' in answer || performance.now() > end) return answer;
      book.counts.unanswered += 1;
      book.tell(`${what}: ${answer.code} ${answer.message.slice(0, 160)}`);
      await pause(30);
    }
  }
}
