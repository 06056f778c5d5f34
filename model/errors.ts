/**
 * Every failure that Weft knows. `code` says what happened, `retry` whether trying again makes sense:
 *
 * - `transient`: the environment; the same call may succeed later.
 * - `conflict`: somebody else was first; read again, then decide.
 * - `terminal`: this wish will never be granted as it stands.
 * - `bug`: our own mistake; report it.
 */
export type Retry = 'transient' | 'conflict' | 'terminal' | 'bug';

interface CodeFacts {
  readonly retry: Retry;
  /** HTTP status of the local API. */
  readonly http: number;
  /** Error code of the CNI specification, section "Error": 1-99 are reserved, 100 and up are ours. */
  readonly cni: number;
  /** Exit code of `weft`: 1 unhealthy or failed, 2 usage, 3 no daemon, 4 not found, 5 conflict, 6 permission, 7 timeout. */
  readonly exit: number;
  /** One paragraph for docs/errors.md. */
  readonly meaning: string;
}

/** The one table of error codes. docs/errors.md is generated from it. */
export const errorCodes = {
  INPUT_INVALID: {
    retry: 'terminal',
    http: 400,
    cni: 7,
    exit: 2,
    meaning:
      'A request, a declaration or a configuration is malformed. All problems are listed with their paths.',
  },
  NAME_INVALID: {
    retry: 'terminal',
    http: 400,
    cni: 7,
    exit: 2,
    meaning: 'A name has characters or a length that names may not have.',
  },
  NETWORK_NOT_FOUND: {
    retry: 'terminal',
    http: 404,
    cni: 7,
    exit: 4,
    meaning:
      'No accepted network has this name. `weft network ls` lists them, refused declarations included.',
  },
  NETWORK_EXISTS: {
    retry: 'conflict',
    http: 409,
    cni: 100,
    exit: 5,
    meaning: 'A network of this name exists with another declaration.',
  },
  NETWORK_REFUSED: {
    retry: 'terminal',
    http: 409,
    cni: 101,
    exit: 5,
    meaning:
      'The declaration is well formed but cannot be accepted, for instance because its subnet overlaps another network.',
  },
  NETWORK_IN_USE: {
    retry: 'conflict',
    http: 409,
    cni: 102,
    exit: 5,
    meaning: 'The network still has endpoints. They are named with their nodes; detach them or use --force.',
  },
  NETWORK_REMOVING: {
    retry: 'conflict',
    http: 409,
    cni: 103,
    exit: 5,
    meaning: 'The network is being removed; nothing can be attached to it any more.',
  },
  ENDPOINT_NOT_FOUND: {
    retry: 'terminal',
    http: 404,
    cni: 3,
    exit: 4,
    meaning: 'No endpoint with this id, name or sandbox is known.',
  },
  ENDPOINT_CONFLICT: {
    retry: 'conflict',
    http: 409,
    cni: 104,
    exit: 5,
    meaning: 'The endpoint exists already with other properties, or another one holds what it needs.',
  },
  ENDPOINT_NOT_LOCAL: {
    retry: 'terminal',
    http: 409,
    cni: 105,
    exit: 5,
    meaning: 'The endpoint belongs to another node; only its owner ends it. Run the command there.',
  },
  ADDRESS_TAKEN: {
    retry: 'conflict',
    http: 409,
    cni: 106,
    exit: 5,
    meaning: 'The address is held by another endpoint, a gateway, a reservation or an auxiliary address.',
  },
  MAC_TAKEN: {
    retry: 'conflict',
    http: 409,
    cni: 107,
    exit: 5,
    meaning: 'The MAC address is held by another endpoint of the network.',
  },
  NAME_TAKEN: {
    retry: 'conflict',
    http: 409,
    cni: 108,
    exit: 5,
    meaning: 'The name is held by another endpoint of the network.',
  },
  ADDRESS_OUTSIDE: {
    retry: 'terminal',
    http: 400,
    cni: 109,
    exit: 2,
    meaning:
      'The address lies in none of the subnets of the network, or is one that no endpoint can have (network address, broadcast).',
  },
  POOL_EXHAUSTED: {
    retry: 'transient',
    http: 409,
    cni: 110,
    exit: 5,
    meaning:
      'Every usable address of the pool is taken. The message says how many there are, and what to do.',
  },
  ADDRESS_NOT_FOUND: {
    retry: 'terminal',
    http: 404,
    cni: 124,
    exit: 4,
    meaning: 'Nobody holds this address in any network.',
  },
  RESERVATION_NOT_FOUND: {
    retry: 'terminal',
    http: 404,
    cni: 125,
    exit: 4,
    meaning: 'The network has no reservation of this name, or it has expired. `weft ip ls` lists them.',
  },
  VNI_TAKEN: {
    retry: 'conflict',
    http: 409,
    cni: 111,
    exit: 5,
    meaning: 'The VNI belongs to another network.',
  },
  SANDBOX_INVALID: {
    retry: 'terminal',
    http: 400,
    cni: 3,
    exit: 2,
    meaning: 'The path, name or PID does not lead to a network namespace.',
  },
  SANDBOX_BUSY: {
    retry: 'conflict',
    http: 409,
    cni: 112,
    exit: 5,
    meaning: 'The sandbox already has an interface or an address that the endpoint needs.',
  },
  NODE_CONFLICT: {
    retry: 'conflict',
    http: 409,
    cni: 113,
    exit: 5,
    meaning: 'Another live node has this name, this VTEP address or this node id. Both are named.',
  },
  NODE_NOT_FOUND: {
    retry: 'terminal',
    http: 404,
    cni: 122,
    exit: 4,
    meaning: 'No node has this name or id. `weft node ls` lists them.',
  },
  NODE_STATE: {
    retry: 'conflict',
    http: 409,
    cni: 123,
    exit: 5,
    meaning:
      'The node is not in the state that the wish needs: a live node cannot be forgotten, one that is down cannot be drained, and nothing can be attached to one that is being drained.',
  },
  CLUSTER_MISMATCH: {
    retry: 'terminal',
    http: 409,
    cni: 114,
    exit: 5,
    meaning: 'A local setting differs from the fact that the whole cluster shares. Both values are named.',
  },
  STORE_UNAVAILABLE: {
    retry: 'transient',
    http: 503,
    cni: 11,
    exit: 1,
    meaning: 'The store does not answer. Traffic goes on; changes wait for its return.',
  },
  STORE_AMBIGUOUS: {
    retry: 'transient',
    http: 503,
    cni: 11,
    exit: 1,
    meaning:
      'The reply to a write was lost: it may or may not have been applied. Read again before trying again.',
  },
  STORE_DENIED: {
    retry: 'terminal',
    http: 503,
    cni: 115,
    exit: 6,
    meaning: 'The store refused our credentials or the permission for a key.',
  },
  STORE_LIMIT: {
    retry: 'terminal',
    http: 413,
    cni: 116,
    exit: 1,
    meaning: 'A value or a transaction is larger than the store takes.',
  },
  STORE_FULL: {
    // Transient: what was refused is done when somebody has made room. Nothing else mends it.
    retry: 'transient',
    http: 507,
    cni: 11,
    exit: 1,
    meaning:
      'The store has no room left, so that it refuses writes; reads and traffic go on. Waiting alone does not mend it: the message says how to make room.',
  },
  STORE_LEASE_LOST: {
    retry: 'transient',
    http: 503,
    cni: 11,
    exit: 1,
    meaning: 'A lease has expired; the keys under it are gone.',
  },
  STORE_CLOSED: {
    retry: 'terminal',
    http: 503,
    cni: 11,
    exit: 1,
    meaning: 'The store client was closed while the call was under way.',
  },
  STORE_OCCUPIED: {
    retry: 'conflict',
    http: 409,
    cni: 121,
    exit: 5,
    meaning:
      'The store that is to be filled holds keys already, or other ones than those that are to be written. They are named; nothing is overwritten.',
  },
  RECORD_INVALID: {
    retry: 'terminal',
    http: 500,
    cni: 117,
    exit: 1,
    meaning:
      'A record in the store cannot be decoded. It is named with its key, set aside, and changes nothing else.',
  },
  KERNEL_REFUSED: {
    retry: 'transient',
    http: 500,
    cni: 118,
    exit: 1,
    meaning: 'The kernel refused a change. The message carries its errno and its own text.',
  },
  KERNEL_MISSING: {
    retry: 'terminal',
    http: 500,
    cni: 119,
    exit: 1,
    meaning: 'The kernel lacks a feature that is needed; it is named.',
  },
  PERMISSION_DENIED: {
    retry: 'terminal',
    http: 403,
    cni: 120,
    exit: 6,
    meaning: 'Root, or a capability (CAP_NET_ADMIN, CAP_SYS_ADMIN), is missing.',
  },
  DAEMON_UNREACHABLE: {
    retry: 'transient',
    http: 503,
    cni: 11,
    exit: 3,
    meaning: 'Nobody answers on the socket of the local agent. Is weftd running?',
  },
  NOT_READY: {
    retry: 'transient',
    http: 503,
    cni: 11,
    exit: 1,
    meaning: 'The agent is not in sync with the store yet.',
  },
  TIMEOUT: {
    retry: 'transient',
    http: 504,
    cni: 11,
    exit: 7,
    meaning: 'The time given was over before the work was done. The work itself may go on.',
  },
  INVARIANT: {
    retry: 'bug',
    http: 500,
    cni: 999,
    exit: 1,
    meaning: 'A bug of Weft. Please report it with the message.',
  },
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof errorCodes;

/** Facts behind the message, for programs: ids, keys, values, the kernel's text. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** An error whose message names the object, the wish and the answer. Programs decide by `code`, never by text. */
export class WeftError extends Error {
  override readonly name = 'WeftError';
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retry = errorCodes[code].retry;
    this.details = options.details ?? {};
  }
}

/** Is this, or any error that caused it, a WeftError of one of these codes? */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): boolean {
  for (let e = error, depth = 0; e instanceof Error && depth < 16; e = e.cause, depth += 1) {
    if (e instanceof WeftError && codes.includes(e.code)) return true;
  }
  return false;
}

/** Anything thrown, as a WeftError: itself, or an INVARIANT that carries it as cause. */
export function asWeftError(error: unknown): WeftError {
  if (error instanceof WeftError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new WeftError('INVARIANT', `unexpected: ${text}`, { cause: error });
}

/** Throws INVARIANT unless the condition holds: a bug of ours, never of the caller. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new WeftError('INVARIANT', message);
}
