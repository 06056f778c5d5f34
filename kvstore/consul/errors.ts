import { WeftError, type ErrorCode } from '../../model/errors.ts';

/** Why a call to one server has failed. */
export interface Failure {
  /** HTTP status, when there was an answer. */
  readonly status?: number;
  readonly details: string;
  /** Did the request surely never leave, or was it turned away unread? */
  readonly unsent: boolean;
  /** Has one of both sides refused the other's certificate, or its kind of TLS? */
  readonly distrust?: boolean;
}

/** One call to one server has failed. Stays within this folder: `asStoreError` makes of it what the port promises. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  readonly server: string;
  readonly status: number | undefined;
  readonly details: string;
  readonly unsent: boolean;
  readonly distrust: boolean;

  constructor(server: string, { status, details, unsent, distrust = false }: Failure) {
    super(`${server}: ${details}${status === undefined ? '' : ` (HTTP status ${status})`}`);
    this.server = server;
    this.status = status;
    this.details = details;
    this.unsent = unsent;
    this.distrust = distrust;
  }

  /** The same of a request that was only to precede another one, which has not been sent. */
  asUnsent(): CallFailed {
    const { server, status, details, distrust } = this;
    return new CallFailed(server, {
      details,
      distrust,
      unsent: true,
      ...(status === undefined ? {} : { status }),
    });
  }

  /** What the server, or its certificate, says about the wish; undefined when nobody has said anything. */
  get refusal(): ErrorCode | undefined {
    if (this.distrust) return 'STORE_DENIED';
    return this.status === undefined ? undefined : refusals.get(this.status);
  }
}

/** The server has understood the request and has refused it: nothing was applied, and another server says the same. */
const refusals: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  // Our requests are well formed: what the server calls bad is their size, where its limits are below the usual ones.
  [400, 'STORE_LIMIT'],
  [403, 'STORE_DENIED'],
  // The only thing that a request names and that has to exist is a session.
  [404, 'STORE_LEASE_LOST'],
  [413, 'STORE_LIMIT'],
]);

/** Too many connections, or not ready. */
const turnedAway: ReadonlySet<number> = new Set([429, 503]);

/** Texts of a server that has found no leader to hand the request to, or that led no longer when it came. */
const noLeader = /No cluster leader|node is not the leader|failed to get conn/;

/** Is this the answer of a server that did not take the request, so that nothing was applied? */
export const isTurnedAway = (status: number, details: string): boolean =>
  turnedAway.has(status) || (status === 500 && noLeader.test(details));

/**
 * May another server, or the same one a moment later, answer otherwise? The certificates of another server may well be in
 * order.
 */
export const isContactLost = (error: unknown): error is CallFailed =>
  error instanceof CallFailed && (error.distrust || error.refusal === undefined);

/** The session that the request names is gone. */
export const isGone = (error: unknown): boolean => error instanceof CallFailed && error.status === 404;

/** The catalog has no such node. */
export const isNodeMissing = (error: unknown): boolean =>
  error instanceof CallFailed && error.details.includes('Missing node registration');

export const isDenied = (error: unknown): boolean => error instanceof CallFailed && error.status === 403;

/**
 * The failure of a call as the port promises it.
 *
 * @param wish What was wanted of which object, such as `read networks/blue`.
 * @param kind A `write` whose request was sent and that nobody refused may have been applied: STORE_AMBIGUOUS.
 */
export function asStoreError(error: unknown, wish: string, kind: 'read' | 'write'): Error {
  if (!(error instanceof CallFailed)) return error instanceof Error ? error : new Error(String(error));
  const { refusal } = error;
  const lost = kind === 'write' && !error.unsent;
  const code = refusal ?? (lost ? 'STORE_AMBIGUOUS' : 'STORE_UNAVAILABLE');
  const answer = error.distrust
    ? 'no trust between Consul and us'
    : refusal !== undefined
      ? 'Consul answers'
      : lost
        ? 'the reply was lost'
        : 'no answer from Consul';
  return new WeftError(code, `cannot ${wish}: ${answer}: ${error.message}`, {
    cause: error,
    details: { server: error.server, ...(error.status === undefined ? {} : { httpStatus: error.status }) },
  });
}

export const storeClosed = (description: string): WeftError =>
  new WeftError('STORE_CLOSED', `the client of ${description} is closed`);
