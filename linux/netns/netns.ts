import { closeSync, constants, openSync, readFileSync, statfsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { invariant, WeftError } from '../../model/errors.ts';
import { attempt, must } from '../libc.ts';
import { errnoName, refusedCall } from '../netlink/errno.ts';
import type { Rtnetlink } from '../netlink/message.ts';
import { rtnetlinkHere } from '../netlink/rtnetlink.ts';

/** CLONE_NEWNET of sched.h. */
export const netNamespaceType = 0x40000000;
/** NSFS_MAGIC of linux/magic.h: what statfs(2) says of a file that stands for a namespace. */
const nsfs = 0x6e736673;
/** ioctl_ns(2) */
const NS_GET_NSTYPE = 0xb703;
const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const SOL_SOCKET = 1;
const SO_NETNS_COOKIE = 71;

/** The namespace of the calling thread; `/proc/self` would be that of the main thread. */
export const ownNamespace = '/proc/thread-self/ns/net';

let poolIsBorn = false;

/**
 * Has libuv start its threads here and now. Were they born while a namespace is visited, they would keep it alive, and all later
 * look-ups of names would be made in it. Nothing is entered before this was awaited.
 */
export async function ensureThreadPool(): Promise<void> {
  if (poolIsBorn) return;
  await stat('/');
  poolIsBorn = true;
}

/**
 * Runs `work` inside the network namespace at `where` (a path, or an open descriptor) and comes back. `work` is one synchronous
 * stretch: sockets that it opens stay in the namespace, everything else is over when it returns.
 *
 * @throws SANDBOX_INVALID when the path is no network namespace, PERMISSION_DENIED, or whatever `work` throws. Where the way
 * back is barred the process ends: going on would change the wrong namespace.
 */
export function inNamespace<T>(where: string | number, work: () => T): T {
  const target = typeof where === 'string' ? fdOf(where) : where;
  try {
    return awayFromHome(() => enter(target, String(where)), work);
  } finally {
    if (target !== where) closeSync(target);
  }
}

/**
 * The one stretch in which the thread is elsewhere: `leave` puts it there, or throws and leaves it where it is; `work` is done;
 * and it comes back, or the process ends.
 */
export function awayFromHome<T>(leave: () => void, work: () => T): T {
  invariant(poolIsBorn, 'a namespace is entered before the thread pool was born: await ensureThreadPool()');
  const home = openSync(ownNamespace, 'r');
  try {
    leave();
    try {
      const result = work();
      invariant(!(result instanceof Promise), 'work inside a namespace must be synchronous');
      return result;
    } finally {
      returnTo(home);
    }
  } finally {
    closeSync(home);
  }
}

function enter(fd: number, where: string): void {
  const answer = attempt('setns', fd, netNamespaceType);
  if (answer.ok) return;
  if (errnoName(answer.errno) === 'EINVAL') throw notANamespace(where, 'setns answered EINVAL');
  throw refusedCall(`enter the network namespace ${where}`, 'setns', answer.errno);
}

function returnTo(home: number): void {
  const answer = attempt('setns', home, netNamespaceType);
  if (answer.ok) return;
  process.stderr.write(
    `weft: cannot leave a network namespace (setns answered ${errnoName(answer.errno)}); ` +
      'ending here rather than changing the wrong one\n',
  );
  process.abort();
}

/**
 * A descriptor of the namespace, for IFLA_NET_NS_FD and the like. It keeps the namespace alive until the caller closes it
 * (`closeSync`).
 *
 * @throws SANDBOX_INVALID, PERMISSION_DENIED
 */
export function fdOf(path: string): number {
  let fd: number;
  try {
    // Some files act when they are opened; a file system answers for itself.
    if (statfsSync(path).type !== nsfs) throw notANamespace(path, 'what is there is no namespace');
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw error instanceof WeftError ? error : refusedOpen(path, error as NodeJS.ErrnoException);
  }
  const type = attempt('ioctl', fd, NS_GET_NSTYPE, null);
  if (type.ok && type.value === netNamespaceType) return fd;
  closeSync(fd);
  throw notANamespace(path, 'it is a namespace of another kind');
}

function refusedOpen(path: string, error: NodeJS.ErrnoException): WeftError {
  if (error.code === 'EPERM' || error.code === 'EACCES') {
    return refusedCall(`open the network namespace ${path}`, 'open', -(error.errno ?? 0), { path });
  }
  const gone = error.code === 'ENOENT' || error.code === 'ENOTDIR';
  return notANamespace(
    path,
    gone ? 'nothing is there' : `opening it answered ${error.code ?? error.message}`,
  );
}

function notANamespace(path: string, why: string): WeftError {
  return new WeftError('SANDBOX_INVALID', `${path} does not lead to a network namespace: ${why}`, {
    details: { path, why },
  });
}

/** Does the path lead to a network namespace? The plain file that a lost mount leaves behind does not. */
export function isNamespace(path: string): boolean {
  try {
    closeSync(fdOf(path));
    return true;
  } catch {
    return false;
  }
}

/** Sockets for the namespace at `path`, or for the one where we stand. They keep it alive: for our own and the node's only. */
export function openRtnetlink(path?: string): Rtnetlink {
  return path === undefined ? rtnetlinkHere() : inNamespace(path, rtnetlinkHere);
}

/** Sockets for somebody else's namespace, closed when `use` has ended, so that nothing holds it. */
export async function visitRtnetlink<T>(path: string, use: (rtnetlink: Rtnetlink) => Promise<T>): Promise<T> {
  const rtnetlink = openRtnetlink(path);
  try {
    return await use(rtnetlink);
  } finally {
    rtnetlink.close();
  }
}

/**
 * SO_NETNS_COOKIE, decimal: no two namespaces of one boot ever have the same.
 *
 * @throws SANDBOX_INVALID, PERMISSION_DENIED
 */
export function cookieOf(path: string): string {
  return inNamespace(path, cookieHere);
}

/** The cookie of the namespace where we stand. */
export function cookieHere(): string {
  const fd = must('open a socket', 'socket', AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  try {
    const value = Buffer.alloc(8);
    must(
      'read the cookie of a namespace',
      'getsockopt',
      fd,
      SOL_SOCKET,
      SO_NETNS_COOKIE,
      value,
      Uint32Array.of(8),
    );
    return value.readBigUInt64LE().toString();
  } finally {
    closeSync(fd);
  }
}

/** Names of the interfaces inside. @throws SANDBOX_INVALID, PERMISSION_DENIED */
export function interfacesIn(path: string): readonly string[] {
  return inNamespace(path, interfacesHere);
}

/** Names of the interfaces of the namespace where we stand. (A name has no colon.) */
export function interfacesHere(): readonly string[] {
  const lines = readFileSync('/proc/thread-self/net/dev', 'utf8').split('\n');
  return lines.filter((line) => line.includes(':')).map((line) => line.slice(0, line.indexOf(':')).trim());
}
