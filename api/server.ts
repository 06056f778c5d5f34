import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { asWeftError } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import { noMetrics, type Metrics } from '../model/metric.ts';
import { RequestError, rawFailure, readJson, readQuery, send } from './exchange.ts';
import { httpStatus, toFailureJson } from './failure.ts';
import { operations } from './operations.ts';
import type { Reply } from './operations/operation.ts';
import { matchRoute, type Match } from './router.ts';
import { routes, type RouteName } from './routes.ts';
import type { AgentService } from './service.ts';
import { listenOn } from './socket-path.ts';

// An import of node:http reads each of its exports, WebSocket among them: that loads an HTTP client of 13 MiB and 30 ms.
const { createServer } = process.getBuiltinModule('node:http');

/** What requests are answered with. */
export interface AnswerPorts {
  readonly service: AgentService;
  readonly logger: Logger;
  /** Where answers are counted; absent: nowhere. */
  readonly metrics?: Metrics;
  /** The only route that is there; absent: all of them. */
  readonly only?: RouteName;
  /** How long a client may take to send a request, in milliseconds; then 408. */
  readonly requestTimeout?: number;
}

export interface ServerPorts extends AnswerPorts {
  /** Absolute path of the unix socket. */
  readonly socketPath: string;
  /** How long `close` waits for requests under way, in milliseconds. */
  readonly closeTimeout?: number;
}

export interface ApiServer {
  /** Takes no new request, lets those under way end, and removes the socket. */
  close(): Promise<void>;
}

/**
 * Serves the local API on a unix socket that its owner and group can open (mode 0660).
 *
 * @throws NODE_CONFLICT when somebody answers on the socket already; INPUT_INVALID, PERMISSION_DENIED.
 */
export async function startServer(ports: ServerPorts): Promise<ApiServer> {
  const { closeTimeout = 5000 } = ports;
  const server = httpServer(ports);
  await listenOn(server, ports.socketPath);
  server.on('error', (error) => {
    ports.logger.error('api socket failed', { error: error.message });
  });
  return { close: () => closeServer(server, closeTimeout) };
}

/** It listens nowhere yet. */
export function httpServer(ports: AnswerPorts): Server {
  const { requestTimeout = 30_000 } = ports;
  const limits = {
    requestTimeout,
    headersTimeout: Math.min(requestTimeout, 10_000),
    keepAliveTimeout: 5000,
    connectionsCheckingInterval: Math.min(requestTimeout, 1000),
  };
  const server = createServer(limits, (request, response) => {
    void serve(request, response, ports);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (socket.writable) socket.end(rawFailure(error));
    else socket.destroy();
  });
  return server;
}

async function serve(request: IncomingMessage, response: ServerResponse, ports: AnswerPorts): Promise<void> {
  const start = performance.now();
  const { method = '', url = '' } = request;
  const [path = '', ...search] = url.split('?');
  const match = matchRoute(method, path);
  try {
    const reply = await answer({ request, match, path, search: search.join('?') }, ports);
    count(match, 'ok', performance.now() - start, ports);
    send(request, response, reply);
  } catch (error) {
    // The client went away while it was still sending.
    if (request.destroyed && !request.complete && !response.writable) return;
    const failure = toFailureJson(error);
    count(match, failure.error.code, performance.now() - start, ports);
    const line = { method: request.method, url: request.url?.slice(0, 256), code: failure.error.code };
    if (failure.error.retry === 'bug') {
      const { stack, cause } = asWeftError(error);
      const root = cause instanceof Error ? cause.stack : stack;
      ports.logger.error('request failed', { ...line, error: failure.error.message, stack: root });
    } else ports.logger.debug('request failed', { ...line, error: failure.error.message });
    const [status, headers] =
      error instanceof RequestError ? [error.status, error.headers] : [httpStatus(failure), {}];
    send(request, response, { status, body: failure }, headers);
  }
}

/** What was answered, and after how many milliseconds; a question may wait for news as long as it likes. */
function count(match: Match, outcome: string, took: number, { metrics = noMetrics }: AnswerPorts): void {
  const operation = match.kind === 'found' ? match.route : 'unknown';
  metrics.count('weft_operations_total', { operation, outcome });
  if (match.kind !== 'found' || routes[match.route].method === 'GET') return;
  metrics.observe('weft_operation_duration_seconds', { operation }, took / 1000);
}

interface Question {
  readonly request: IncomingMessage;
  readonly match: Match;
  readonly path: string;
  readonly search: string;
}

async function answer({ request, match, path, search }: Question, ports: AnswerPorts): Promise<Reply> {
  const { service, only } = ports;
  if (only !== undefined && (match.kind !== 'found' || match.route !== only)) {
    const { method, path: there } = routes[only];
    throw new RequestError(404, `there is nothing but ${method} ${there} here`);
  }
  switch (match.kind) {
    case 'unknown-path':
      throw new RequestError(
        404,
        `there is no ${path.slice(0, 256)} here; GET /v1/openapi.json lists what is`,
      );
    case 'wrong-method':
      throw new RequestError(405, `${path} takes ${match.allowed.join(', ')}, not ${request.method ?? ''}`, {
        headers: { allow: match.allowed.join(', ') },
      });
    case 'found': {
      const raw = {
        params: match.params,
        query: readQuery(search),
        body: await readJson(request),
      };
      if (match.route === 'openapi') return { status: 200, body: await openApi() };
      return operations[match.route].run(service, raw);
    }
  }
}

/** Loaded when asked for: an agent that is never asked does without its memory. */
async function openApi(): Promise<unknown> {
  const { openApiDocument } = await import('./openapi.ts');
  return openApiDocument();
}

/** Takes no new connection, and cuts those off that do not end within these milliseconds. */
export function closeServer(server: Server, within: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), within);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
