import { readdirSync, readlinkSync } from 'node:fs';
import type { RawNetlinkSocket } from 'netlink/dist/raw.js';
import { attempt } from '../libc.ts';
import { brokenSocket } from './socket.ts';

const AF_NETLINK = 16;

/** The descriptor of a socket that the package has just opened, which it does not tell: the new one that is bound to its port. */
export function descriptorOf(socket: RawNetlinkSocket, before: ReadonlyMap<string, number>): number {
  const { port } = socket.address();
  const address = Buffer.alloc(12);
  for (const [link, fd] of socketsOfProcess()) {
    if (before.has(link)) continue;
    const answer = attempt('getsockname', fd, address, Uint32Array.of(address.length));
    if (answer.ok && address.readUInt16LE(0) === AF_NETLINK && address.readUInt32LE(4) === port) return fd;
  }
  throw brokenSocket(`no descriptor is bound to port ${port}`);
}

/** The descriptors of all open sockets, by what names a socket for life: `socket:[INODE]`. */
export function socketsOfProcess(): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const fd of readdirSync('/proc/self/fd')) {
    const link = linkOf(`/proc/self/fd/${fd}`);
    if (link.startsWith('socket:')) found.set(link, Number(fd));
  }
  return found;
}

/** The descriptor by which the directory was listed is closed by now. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
