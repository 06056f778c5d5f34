import { createServer } from 'node:net';
import { WeftError } from '../../model/errors.ts';

/**
 * Holds UDP ports of tunnels for this process, to its end, against other agents in the same network namespace: they would
 * share one kernel socket and take each other's frames. A name in the abstract namespace of unix sockets belongs to a network
 * namespace and goes with its process (unix(7)), so that nothing can be left behind.
 */
export class PortHold {
  readonly #node: string;
  readonly #held = new Map<number, Promise<void>>();

  constructor(node: string) {
    this.#node = node;
  }

  /** Harmless when it is held already. @throws NODE_CONFLICT when another agent has it. */
  take(port: number): Promise<void> {
    const taken = this.#held.get(port) ?? listen(port, this.#node);
    this.#held.set(port, taken);
    return taken;
  }
}

function listen(port: number, node: string): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? conflict(port, node) : error);
    });
    server.listen(`\0weft-vtep-${port}`, resolve).unref();
  });
}

function conflict(port: number, node: string): WeftError {
  return new WeftError(
    'NODE_CONFLICT',
    `weftd ${node} cannot start: another weftd in this network namespace has UDP port ${port} for its tunnels; give one of ` +
      'the two a network namespace of its own, or a cluster of its own with another --port',
    { details: { port } },
  );
}
