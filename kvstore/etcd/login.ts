import { Metadata } from '@grpc/grpc-js';
import type { Clock } from '../../model/clock.ts';
import type { Logger } from '../../model/logger.ts';
import type { StoreCredentials } from '../credentials.ts';
import { CallFailed, grpcStatus } from './errors.ts';

/** What every call says of its user. */
export interface Pass {
  readonly metadata: Metadata;
  /** Grows when an earlier pass was dropped. */
  readonly generation: number;
  /** Does it name nobody, because etcd had no users when we wanted to log in? */
  readonly provisional: boolean;
}

export interface LoginPorts {
  readonly credentials: StoreCredentials;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Exchanges user and password for a token, at some server. @throws CallFailed */
export type Authenticate = (user: string, password: string) => Promise<string>;

/** Milliseconds after which what was refused is tried again: a server spends a tenth of a second on each password. */
const refusedFor = 2000;

/** No such user, a wrong password, or no right to have a token: etcd calls the first two an invalid argument. */
const wrong: ReadonlySet<number> = new Set([
  grpcStatus.invalidArgument,
  grpcStatus.permissionDenied,
  grpcStatus.unauthenticated,
]);

/** The user of one client, on all its servers: they know each other's tokens. Whoever calls first logs in for everybody. */
export class Login {
  readonly #ports: LoginPorts;
  #generation = 0;
  #pass: Promise<Pass> | undefined;
  #refused: { readonly error: CallFailed; readonly password: string; readonly until: number } | undefined;
  #toldOpen = false;

  constructor(ports: LoginPorts) {
    this.#ports = ports;
  }

  /** Grows with each `drop`. */
  get generation(): number {
    return this.#generation;
  }

  /** The present pass, or a new one. @throws CallFailed of the login. */
  pass(authenticate: Authenticate): Promise<Pass> {
    if (this.#pass !== undefined) return this.#pass;
    const pass = this.#obtain(authenticate, this.#generation);
    this.#pass = pass;
    pass.catch(() => {
      if (this.#pass === pass) this.#pass = undefined;
    });
    return pass;
  }

  /** A server does not take the pass of this generation any more: the next call logs in, unless one has done so already. */
  drop(generation: number): void {
    if (generation !== this.#generation) return;
    this.#generation += 1;
    this.#pass = undefined;
  }

  async #obtain(authenticate: Authenticate, generation: number): Promise<Pass> {
    const { credentials, clock } = this.#ports;
    const metadata = new Metadata();
    const { user, password } = await credentials.read();
    if (user === undefined || password === undefined) return { metadata, generation, provisional: false };
    const refused = this.#refused;
    if (refused?.password === password && clock.monotonic() < refused.until) throw refused.error;
    try {
      metadata.set('token', await authenticate(user, password));
      return { metadata, generation, provisional: false };
    } catch (error) {
      this.#judge(error, user, password);
      return { metadata, generation, provisional: true };
    }
  }

  /** Returns when the server knows no users at all: then a call needs no token. */
  #judge(error: unknown, user: string, password: string): void {
    const { clock, logger } = this.#ports;
    if (!(error instanceof CallFailed)) throw error;
    if (error.code === grpcStatus.failedPrecondition) {
      if (!this.#toldOpen)
        logger.warn('authentication is not enabled in etcd; everybody may write', { user });
      this.#toldOpen = true;
      return;
    }
    if (!wrong.has(error.code)) throw error;
    const details = `login of the user ${user}: ${error.details}`;
    const told = new CallFailed(error.server, { code: error.code, details }, 'login');
    this.#refused = { error: told, password, until: clock.monotonic() + refusedFor };
    throw told;
  }
}
