import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { WeftError } from '../model/errors.ts';

/** `sun_path` of unix(7) has 108 bytes, of which one ends the text. */
const longestPath = 107;

/** Read and write for the owner and the group. */
const mode = 0o660;

/** @throws INPUT_INVALID when the kernel cannot have a socket of this name. */
export function checkSocketPath(path: string): void {
  const length = Buffer.byteLength(path);
  if (path.startsWith('/') && length <= longestPath && !path.includes('\0')) return;
  const why = path.startsWith('/')
    ? `has ${length} bytes, of which the kernel takes ${longestPath}`
    : 'is not absolute';
  throw new WeftError('INPUT_INVALID', `the socket path ${JSON.stringify(path)} ${why}`, {
    details: { socket: path },
  });
}

/**
 * Listens on a unix socket that only its owner and group can open; its directory is made. A socket on which nobody
 * answers is left by a crash and replaced.
 *
 * @throws NODE_CONFLICT when somebody answers there, INPUT_INVALID when the path is bad or something else lies there,
 * PERMISSION_DENIED.
 */
export async function listenOn(server: Server, path: string): Promise<void> {
  checkSocketPath(path);
  try {
    mkdirSync(dirname(path), { recursive: true });
    await clearStale(path);
    await bind(server, path);
  } catch (error) {
    throw translate(error, path);
  }
}

function bind(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // bind(2) happens within listen() and gives the socket the mode 0777 less this: nobody else can ever connect.
    const before = process.umask(0o777 & ~mode);
    try {
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

async function clearStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new WeftError(
      'INPUT_INVALID',
      `cannot listen on ${path}: something that is not a socket lies there`,
      {
        details: { socket: path },
      },
    );
  }
  if (await answers(path)) {
    throw new WeftError(
      'NODE_CONFLICT',
      `cannot listen on ${path}: another process answers there; is weftd running already? ` +
        'Two agents on one machine need a runtime directory each',
      { details: { socket: path } },
    );
  }
  rmSync(path, { force: true });
}

/** Does anybody accept connections here? @throws the error of connect(2) when it cannot be known. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false);
      // The queue of a listener is full: a busy one is alive.
      else if (error.code === 'EAGAIN') resolve(true);
      else reject(error);
    });
  });
}

function translate(error: unknown, path: string): unknown {
  if (error instanceof WeftError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return new WeftError('NODE_CONFLICT', `cannot listen on ${path}: another process was faster`, {
      cause: error,
      details: { socket: path },
    });
  }
  const denied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  return new WeftError(
    denied ? 'PERMISSION_DENIED' : 'INPUT_INVALID',
    `cannot listen on ${path}: ${message}`,
    {
      cause: error,
      details: { socket: path },
    },
  );
}
