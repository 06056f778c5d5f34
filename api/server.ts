import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { asWeftError } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import { RequestError, rawFailure, readJson, readQuery, sendJson } from './exchange.ts';
import { httpStatus, toFailureJson } from './failure.ts';
import { operations, type Reply } from './operations.ts';
import { matchRoute } from './router.ts';
import type { AgentService } from './service.ts';
import { listenOn } from './socket-path.ts';

// An import of node:http reads each of its exports, WebSocket among them: that loads an HTTP client of 13 MiB and 30 ms.
const { createServer } = process.getBuiltinModule('node:http');

export interface ServerPorts {
  readonly service: AgentService;
  /** Absolute path of the unix socket. */
  readonly socketPath: string;
  readonly logger: Logger;
  /** How long a client may take to send a request, in milliseconds; then 408. */
  readonly requestTimeout?: number;
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
  const { requestTimeout = 30_000, closeTimeout = 5000 } = ports;
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
  await listenOn(server, ports.socketPath);
  server.on('error', (error) => {
    ports.logger.error('api socket failed', { error: error.message });
  });
  return { close: () => closeServer(server, closeTimeout) };
}

async function serve(request: IncomingMessage, response: ServerResponse, ports: ServerPorts): Promise<void> {
  try {
    const { status, body } = await answer(request, ports.service);
    sendJson(request, response, status, body);
  } catch (error) {
    // The client went away while it was still sending.
    if (request.destroyed && !request.complete && !response.writable) return;
    const failure = toFailureJson(error);
    const line = { method: request.method, url: request.url?.slice(0, 256), code: failure.error.code };
    if (failure.error.retry === 'bug') {
      const { stack, cause } = asWeftError(error);
      const root = cause instanceof Error ? cause.stack : stack;
      ports.logger.error('request failed', { ...line, error: failure.error.message, stack: root });
    } else ports.logger.debug('request failed', { ...line, error: failure.error.message });
    const [status, headers] =
      error instanceof RequestError ? [error.status, error.headers] : [httpStatus(failure), {}];
    sendJson(request, response, status, failure, headers);
  }
}

async function answer(request: IncomingMessage, service: AgentService): Promise<Reply> {
  const { method = '', url = '' } = request;
  const [path = '', ...search] = url.split('?');
  const match = matchRoute(method, path);
  switch (match.kind) {
    case 'unknown-path':
      throw new RequestError(
        404,
        `there is no ${path.slice(0, 256)} here; GET /v1/openapi.json lists what is`,
      );
    case 'wrong-method':
      throw new RequestError(405, `${path} takes ${match.allowed.join(', ')}, not ${method}`, {
        headers: { allow: match.allowed.join(', ') },
      });
    case 'found': {
      const raw = {
        params: match.params,
        query: readQuery(search.join('?')),
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

function closeServer(server: Server, within: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), within);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
