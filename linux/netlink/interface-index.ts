import { closeSync } from 'node:fs';
import { hasCode } from '../../model/errors.ts';
import { attempt, must } from '../libc.ts';
import { inNamespace } from '../netns/netns.ts';
import { readText } from './codec/reader.ts';

// socket(7), netdevice(7)
const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const SIOCGIFINDEX = 0x8933;
const SIOCGIFNAME = 0x8910;
const nameBytes = 16;

/**
 * The indexes of these interfaces inside the namespace, read in one stretch; what is not there is absent. An index is good for
 * the moment: it changes when an interface is made anew.
 *
 * @throws SANDBOX_INVALID, PERMISSION_DENIED
 */
export function interfaceIndexes(
  where: string | number,
  names: Iterable<string>,
): ReadonlyMap<string, number> {
  return inNamespace(where, () => {
    const fd = must('open a socket', 'socket', AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
    try {
      const found = new Map<string, number>();
      for (const name of names) {
        const index = interfaceIndex(fd, name);
        if (index !== undefined) found.set(name, index);
      }
      return found;
    } finally {
      closeSync(fd);
    }
  });
}

/** The index of the interface in the namespace of the socket; undefined when it is not there. */
export function interfaceIndex(socket: number, name: string): number | undefined {
  const ifreq = Buffer.alloc(40);
  if (ifreq.write(name, 0) >= nameBytes) return undefined;
  return attempt('ioctl', socket, SIOCGIFINDEX, ifreq).ok ? ifreq.readInt32LE(nameBytes) : undefined;
}

/** The name of the interface with this index inside the namespace at `path`; undefined when either is not there. */
export function interfaceName(path: string, index: number): string | undefined {
  try {
    return inNamespace(path, () => {
      const fd = must('open a socket', 'socket', AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
      try {
        const ifreq = Buffer.alloc(40);
        ifreq.writeInt32LE(index, nameBytes);
        return attempt('ioctl', fd, SIOCGIFNAME, ifreq).ok ? readText(ifreq) : undefined;
      } finally {
        closeSync(fd);
      }
    });
  } catch (error) {
    if (hasCode(error, 'SANDBOX_INVALID')) return undefined;
    throw error;
  }
}
