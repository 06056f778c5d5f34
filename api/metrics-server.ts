import type { Server } from 'node:http';
import { WeftError } from '../model/errors.ts';
import { showSocketAddress, type SocketAddress } from '../model/socket-address.ts';
import { closeServer, httpServer, type AnswerPorts, type ApiServer } from './server.ts';

export interface MetricsServerPorts extends Omit<AnswerPorts, 'only'> {
  readonly address: SocketAddress;
}

/** Milliseconds for which the end waits for requests under way. */
const closeTimeout = 1000;

/**
 * Serves `GET /metrics` and nothing else of the API to whoever reaches this address, without asking who that is.
 *
 * @throws NODE_CONFLICT when something listens there already, INPUT_INVALID when this node has no such address,
 * PERMISSION_DENIED.
 */
export async function startMetricsServer(ports: MetricsServerPorts): Promise<ApiServer> {
  const server = httpServer({ ...ports, only: 'metrics' });
  try {
    await bind(server, ports.address);
  } catch (error) {
    throw translate(error as NodeJS.ErrnoException, ports.address);
  }
  server.on('error', (error) => {
    ports.logger.error('metrics socket failed', { error: error.message });
  });
  return { close: () => closeServer(server, closeTimeout) };
}

function bind(server: Server, { ip, port }: SocketAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: ip, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function translate(error: NodeJS.ErrnoException, address: SocketAddress): WeftError {
  const where = `cannot serve metrics on ${showSocketAddress(address)}`;
  const options = { cause: error, details: { address: showSocketAddress(address), errno: error.code } };
  switch (error.code) {
    case 'EADDRINUSE':
      return new WeftError('NODE_CONFLICT', `${where}: something listens there already`, options);
    case 'EACCES':
    case 'EPERM':
      return new WeftError(
        'PERMISSION_DENIED',
        `${where}: ${error.code}; ports below 1024 need root`,
        options,
      );
    case 'EADDRNOTAVAIL':
      return new WeftError('INPUT_INVALID', `${where}: this node has no such address`, options);
    default:
      return new WeftError('INPUT_INVALID', `${where}: ${error.message}`, options);
  }
}
