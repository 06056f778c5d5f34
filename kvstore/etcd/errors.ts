import { WeftError, type ErrorCode } from '../../model/errors.ts';

/** Status codes of gRPC (https://grpc.io/docs/guides/status-codes/) that an etcd server or the channel to it answers. */
export const grpcStatus = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** What a grpc call fails with. */
export interface StatusError {
  readonly code: number;
  readonly details: string;
}

/**
 * How far a call came. `unsent`: the request surely never left. `handshake`: one of both sides has refused the other's
 * certificate, so that nothing could be sent. `login`: the server has refused user or password.
 */
export type Stage = 'sent' | 'unsent' | 'handshake' | 'login';

/** One call to one server has failed. Stays within this folder: `asStoreError` makes of it what the port promises. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  readonly server: string;
  readonly code: number;
  readonly details: string;
  readonly stage: Stage;

  constructor(server: string, status: StatusError, stage: Stage = 'sent') {
    // grpc-js appends the time of its last attempt, and a note about name resolution, which is mostly empty.
    const details = status.details
      .replace(/\s*\(\d{4}-\d\d-\d\dT[\d:.]+Z\)/, '')
      .replace(/\s*Resolution note:\s*$/, '');
    super(`${server}: ${details}${stage === 'handshake' ? '' : ` (gRPC status ${status.code})`}`);
    this.server = server;
    this.code = status.code;
    this.details = details;
    this.stage = stage;
  }

  /** What the server, or its certificate, says about the wish; undefined when nobody has said anything. */
  get refusal(): ErrorCode | undefined {
    if (this.stage === 'handshake' || this.stage === 'login' || isLoginLost(this)) return 'STORE_DENIED';
    if (this.code === grpcStatus.resourceExhausted && this.details.includes('space exceeded'))
      return 'STORE_FULL';
    return refusals.get(this.code);
  }
}

/** The server has understood the request and has refused it: nothing was applied, and another server says the same. */
const refusals: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  // Our requests are well formed: what the server calls invalid is their size, where its limits are below the usual ones.
  [grpcStatus.invalidArgument, 'STORE_LIMIT'],
  // The only thing that a request names and that has to exist is a lease.
  [grpcStatus.notFound, 'STORE_LEASE_LOST'],
  [grpcStatus.permissionDenied, 'STORE_DENIED'],
  [grpcStatus.unauthenticated, 'STORE_DENIED'],
  // It has too much to do: time will help.
  [grpcStatus.resourceExhausted, 'STORE_UNAVAILABLE'],
  [grpcStatus.failedPrecondition, 'STORE_UNAVAILABLE'],
  [grpcStatus.outOfRange, 'STORE_UNAVAILABLE'],
  [grpcStatus.unimplemented, 'STORE_UNAVAILABLE'],
]);

/**
 * May another server, or the same one a moment later, answer otherwise? The certificates of another server may well be in
 * order.
 */
export const isContactLost = (error: unknown): error is CallFailed =>
  error instanceof CallFailed && (error.stage === 'handshake' || error.refusal === undefined);

/** The servers have just chosen another leader, and this one has told us: it is well. */
export const isLeaderChange = (error: unknown): boolean =>
  error instanceof CallFailed && error.details.includes('etcdserver: leader changed');

/** `etcdserver: ...` where the code is the one for malformed requests as well. */
const loginTexts = /invalid auth token|revision of auth store is old|user name is empty/;

/** The server does not, or no longer, know us, and has done nothing: a login may help. */
export const isLoginLost = (error: unknown): boolean =>
  error instanceof CallFailed &&
  (error.code === grpcStatus.unauthenticated || loginTexts.test(error.details));

/** Whoever we are for the server may not do this. */
export const isForbidden = (error: unknown): boolean =>
  error instanceof CallFailed && error.code === grpcStatus.permissionDenied;

/** The revision that was asked for is no longer kept. */
export const isCompacted = (error: unknown): boolean =>
  error instanceof CallFailed && error.code === grpcStatus.outOfRange;

const makeRoom =
  'its quota is used up: compact and defragment it or raise --quota-backend-bytes, then `etcdctl alarm disarm`';

/**
 * The failure of a call as the port promises it.
 *
 * @param wish What was wanted of which object, such as `read networks/blue`.
 * @param kind A `write` whose request was sent and that nobody refused may have been applied: STORE_AMBIGUOUS.
 */
export function asStoreError(error: unknown, wish: string, kind: 'read' | 'write'): Error {
  if (!(error instanceof CallFailed)) return error instanceof Error ? error : new Error(String(error));
  const { refusal } = error;
  const lost = kind === 'write' && error.stage === 'sent';
  const code = refusal ?? (lost ? 'STORE_AMBIGUOUS' : 'STORE_UNAVAILABLE');
  const answer =
    error.stage === 'handshake'
      ? 'no trust between etcd and us'
      : refusal !== undefined
        ? 'etcd answers'
        : lost
          ? 'the reply was lost'
          : 'no answer from etcd';
  const advice = code === 'STORE_FULL' ? `; ${makeRoom}` : '';
  return new WeftError(code, `cannot ${wish}: ${answer}: ${error.message}${advice}`, {
    cause: error,
    details: { server: error.server, grpcStatus: error.code },
  });
}

export const storeClosed = (description: string): WeftError =>
  new WeftError('STORE_CLOSED', `the client of ${description} is closed`);
