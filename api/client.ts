import { errorCodes, WeftError, type ErrorCode } from '../model/errors.ts';
import { exchangeOverSocket, type HttpAnswer } from './exchange-over-socket.ts';
import { routes, type RouteName } from './routes.ts';
import type {
  AddressesJson,
  CheckedJson,
  HeldAddressJson,
  ReleaseBody,
  ReleasedJson,
  ReserveBody,
  ReservedJson,
} from './schemas/address.ts';
import type { AttachBody, DetachBody, DetachedJson, EndpointJson } from './schemas/endpoint.ts';
import type { FailureJson } from './schemas/failure.ts';
import type {
  AppliedNetworkJson,
  Declaration,
  NamedDeclaration,
  DeclarationJson,
  NetworkJson,
  PlannedNetworkJson,
  RemovedNetworkJson,
} from './schemas/network.ts';
import type { DrainBody, DrainedNodeJson, ForgottenNodeJson, NodeJson } from './schemas/node.ts';
import type { EventsJson } from './schemas/event.ts';
import type { PoolJson } from './schemas/pool.ts';
import type { AcceptedStoreJson, JoinedStoreJson } from './schemas/store.ts';
import type { DebugDesiredJson, DebugObservedJson, DebugPlanJson, DebugViewJson } from './schemas/debug.ts';
import type { ConfigJson, ReadinessJson, StatusJson } from './schemas/status.ts';

/**
 * The agent of this machine, one method for each of the service's. Arguments go out as they are: the agent judges them.
 * Every method throws what the agent answered, or DAEMON_UNREACHABLE, PERMISSION_DENIED, TIMEOUT.
 */
export interface Client {
  status(): Promise<StatusJson>;
  config(): Promise<ConfigJson>;
  /** Unready is an answer, not an error. */
  readiness(): Promise<ReadinessJson>;
  listNetworks(): Promise<readonly NetworkJson[]>;
  createNetwork(name: string, declaration: Declaration, options?: Waiting): Promise<NetworkJson>;
  applyNetwork(name: string, declaration: Declaration, options?: ApplyOptions): Promise<AppliedNetworkJson>;
  planNetworks(networks: readonly NamedDeclaration[]): Promise<readonly PlannedNetworkJson[]>;
  declarationOf(name: string): Promise<DeclarationJson>;
  inspectNetwork(name: string, options?: Waiting): Promise<NetworkJson>;
  removeNetwork(name: string, options?: RemoveOptions): Promise<RemovedNetworkJson>;
  listPools(): Promise<readonly PoolJson[]>;
  setPools(pools: string): Promise<readonly PoolJson[]>;
  listEndpoints(network?: string): Promise<readonly EndpointJson[]>;
  inspectEndpoint(endpoint: string, network?: string): Promise<EndpointJson>;
  attach(body: AttachBody): Promise<EndpointJson>;
  detach(body: DetachBody): Promise<DetachedJson>;
  listAddresses(network?: string): Promise<AddressesJson>;
  findAddress(address: string, network?: string): Promise<readonly HeldAddressJson[]>;
  checkAddresses(fix: boolean): Promise<CheckedJson>;
  reserveAddress(body: ReserveBody): Promise<ReservedJson>;
  releaseAddress(body: ReleaseBody): Promise<ReleasedJson>;
  /** `wait`: milliseconds to wait for an event after number `after`. */
  events(request: { readonly after?: number; readonly wait?: number }): Promise<EventsJson>;
  acceptStore(): Promise<AcceptedStoreJson>;
  joinStore(): Promise<JoinedStoreJson>;
  debugView(options: DebugOptions): Promise<DebugViewJson>;
  debugDesired(options: DebugOptions): Promise<DebugDesiredJson>;
  debugObserved(options: DebugOptions): Promise<DebugObservedJson>;
  debugPlan(options: DebugOptions): Promise<DebugPlanJson>;
  listNodes(): Promise<readonly NodeJson[]>;
  forgetNode(node: string): Promise<ForgottenNodeJson>;
  drainNode(node: string, body: DrainBody): Promise<DrainedNodeJson>;
}

/** Whether all who take part are waited for, and how long: milliseconds. */
export interface Waiting {
  readonly wait?: boolean;
  readonly timeout?: number;
}

interface ApplyOptions extends Waiting {
  /** Only while the declaration is as it was at this revision; 0: while there is none. */
  readonly revision?: number;
}

export interface RemoveOptions extends Waiting {
  readonly force?: boolean;
}

/** `network`: name or id; `limit`: the most that is listed. */
export interface DebugOptions {
  readonly network?: string | undefined;
  readonly limit?: number | undefined;
}

export interface ConnectOptions {
  /** Milliseconds that an answer may take beyond what the request itself allows. */
  readonly timeout?: number;
}

/** Default of `timeout` in the bodies of attach and detach. */
const operationTimeout = 10_000;

/** A client of the socket at `socketPath`; nothing is sent before a method is called. */
export function connect(socketPath: string, options: ConnectOptions = {}): Client {
  const patience = options.timeout ?? 15_000;
  const call = async <T>(name: RouteName, wish: Wish = {}): Promise<T> => {
    const exchange = { socketPath, within: patience + (wish.takes ?? 0), ...requestLine(name, wish) };
    return valueOf(await send(exchange, wish.body), exchange, wish.accept ?? []) as T;
  };
  const ofNetwork = (network?: string): Wish => (network === undefined ? {} : { query: { network } });
  return {
    status: () => call('status'),
    config: () => call('config'),
    readiness: () => call('readiness', { accept: [503] }),
    listNetworks: () => call('listNetworks'),
    createNetwork: (name, declaration, options = {}) =>
      call('createNetwork', { body: { ...declaration, name }, ...waiting(options) }),
    applyNetwork: (name, declaration, { revision, ...options } = {}) => {
      const { query, takes } = waiting(options);
      const only = revision === undefined ? {} : { revision: String(revision) };
      return call('applyNetwork', {
        params: { name },
        body: declaration,
        query: { ...query, ...only },
        takes,
      });
    },
    planNetworks: (networks) => call('planNetworks', { body: { networks } }),
    declarationOf: (name) => call('declarationOf', { params: { name } }),
    inspectNetwork: (name, options = {}) => call('inspectNetwork', { params: { name }, ...waiting(options) }),
    removeNetwork: (name, { force = false, ...options } = {}) => {
      const { query, takes } = waiting(options);
      return call('removeNetwork', { params: { name }, query: { force: String(force), ...query }, takes });
    },
    listPools: () => call('listPools'),
    setPools: (pools) => call('setPools', { body: { pools } }),
    listEndpoints: (network) => call('listEndpoints', ofNetwork(network)),
    inspectEndpoint: (endpoint, network) =>
      call('inspectEndpoint', { params: { endpoint }, ...ofNetwork(network) }),
    attach: (body) => call('attach', { body, takes: body.timeout ?? operationTimeout }),
    detach: (body) => call('detach', { body, takes: body.timeout ?? operationTimeout }),
    listAddresses: (network) => call('listAddresses', { ...ofNetwork(network), takes: operationTimeout }),
    findAddress: (address, network) => call('findAddress', { params: { address }, ...ofNetwork(network) }),
    checkAddresses: (fix) => call('checkAddresses', { body: { fix }, takes: operationTimeout * 6 }),
    reserveAddress: (body) => call('reserveAddress', { body, takes: body.timeout ?? operationTimeout }),
    releaseAddress: (body) => call('releaseAddress', { body, takes: body.timeout ?? operationTimeout }),
    acceptStore: () => call('acceptStore'),
    joinStore: () => call('joinStore', { takes: operationTimeout * 3 }),
    events: ({ after = 0, wait = 0 }) =>
      call('events', { query: { after: String(after), wait: String(wait) }, takes: wait }),
    debugView: (options) => call('debugView', debugWish(options)),
    debugDesired: (options) => call('debugDesired', debugWish(options)),
    debugObserved: (options) => call('debugObserved', debugWish(options)),
    debugPlan: (options) => call('debugPlan', debugWish(options)),
    listNodes: () => call('listNodes'),
    forgetNode: (node) => call('forgetNode', { params: { node }, takes: operationTimeout }),
    drainNode: (node, body) =>
      call('drainNode', { params: { node }, body, takes: body.timeout ?? operationTimeout }),
  };
}

/** The kernel may be read for each of many networks. */
function debugWish({ network, limit }: DebugOptions): Wish {
  const query = {
    ...(network === undefined ? {} : { network }),
    ...(limit === undefined ? {} : { limit: String(limit) }),
  };
  return { query, takes: operationTimeout };
}

function waiting({ wait = false, timeout }: Waiting): Required<Pick<Wish, 'query' | 'takes'>> {
  const query = {
    ...(wait ? { wait: 'true' } : {}),
    ...(timeout === undefined ? {} : { timeout: String(timeout) }),
  };
  return { query, takes: wait ? (timeout ?? operationTimeout) : 0 };
}

interface Wish {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Milliseconds that the agent may take by this request's own word. */
  readonly takes?: number;
  /** Statuses beside 200 that carry an answer. */
  readonly accept?: readonly number[];
}

interface Exchange {
  readonly socketPath: string;
  readonly method: string;
  readonly path: string;
  readonly within: number;
}

function requestLine(name: RouteName, { params = {}, query = {} }: Wish): Pick<Exchange, 'method' | 'path'> {
  const { method, path } = routes[name];
  const filled = path.replace(/\{(\w+)\}/g, (_, key: string) => {
    const value = params[key] ?? '';
    // It would be the path of something else.
    if (value === '') throw new WeftError('INPUT_INVALID', `an empty ${key} names nothing`);
    return encodeURIComponent(value);
  });
  const search = new URLSearchParams(query).toString();
  return { method, path: search === '' ? filled : `${filled}?${search}` };
}

/** Milliseconds: setTimeout takes more than this for nothing at all. */
const longestTimer = 2 ** 31 - 1;

async function send(exchange: Exchange, body: unknown): Promise<HttpAnswer> {
  const { socketPath, method, path, within } = exchange;
  const late = new AbortController();
  const timer = setTimeout(
    () => {
      const what = `weftd gave no answer to ${method} ${path} within ${within} ms; the work itself may go on`;
      late.abort(new WeftError('TIMEOUT', what, { details: { socket: socketPath } }));
    },
    Math.min(within, longestTimer),
  );
  try {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return await exchangeOverSocket({ socketPath, method, path, body: text, signal: late.signal });
  } catch (error) {
    throw translate(error as NodeJS.ErrnoException, exchange);
  } finally {
    clearTimeout(timer);
  }
}

function valueOf({ status, text }: HttpAnswer, exchange: Exchange, accepted: readonly number[]): unknown {
  const { method, path, socketPath } = exchange;
  const body = parse(text);
  if (body !== undefined && (status === 200 || (accepted.includes(status) && !isFailure(body)))) return body;
  if (isFailure(body)) {
    const { code, message, details } = body.error;
    throw new WeftError(Object.hasOwn(errorCodes, code) ? code : 'INVARIANT', message, { details });
  }
  throw new WeftError(
    'INVARIANT',
    `${method} ${path} on ${socketPath} is answered ${status} with ${JSON.stringify(text.slice(0, 200))}: is it a weftd?`,
    { details: { socket: socketPath, status } },
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isFailure(body: unknown): body is FailureJson {
  if (typeof body !== 'object' || body === null || !('error' in body)) return false;
  const { error } = body;
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    typeof error.code === 'string' &&
    'message' in error &&
    typeof error.message === 'string'
  );
}

function translate(error: NodeJS.ErrnoException, { socketPath, method, path }: Exchange): WeftError {
  if (error instanceof WeftError) return error;
  const fail = (code: ErrorCode, message: string): WeftError =>
    new WeftError(code, message, { cause: error, details: { socket: socketPath, errno: error.code } });
  switch (error.code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
    case 'ENOTDIR':
      return fail(
        'DAEMON_UNREACHABLE',
        `nobody answers on ${socketPath}: is weftd running there? Start it with \`systemctl start weftd\` ` +
          'or `weftd --runtime-dir DIRECTORY`; another socket is named by --socket or WEFT_SOCKET',
      );
    case 'EACCES':
    case 'EPERM':
      return fail(
        'PERMISSION_DENIED',
        `${socketPath} may not be opened by this user: be root, or in the group that owns the socket`,
      );
    default:
      return fail(
        'DAEMON_UNREACHABLE',
        `weftd on ${socketPath} broke off ${method} ${path} (${error.message}); the work may have been done`,
      );
  }
}
