import { closeSync, lstatSync, mkdirSync, openSync, readdirSync, unlinkSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { WeftError } from '../../model/errors.ts';
import { attempt, must } from '../libc.ts';
import { batchesOf, exchange } from '../netlink/batch.ts';
import { errnoName, refusedCall } from '../netlink/errno.ts';
import type { NetlinkRefusal } from '../netlink/message.ts';
import { NetlinkSocket } from '../netlink/socket.ts';
import { markIn, markRequest, readLoopback } from './mark.ts';
import { awayFromHome, isNamespace, netNamespaceType, openRtnetlink, ownNamespace } from './netns.ts';

// mount(2), umount2(2), flock(2)
const MS_BIND = 0x1000;
const MS_REC = 0x4000;
const MS_SHARED = 0x100000;
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;
const LOCK_EX = 2;

/** A path is seldom mounted upon more than once; a kernel that never says "no mount" must not hold us for ever. */
const layers = 16;

/**
 * Makes a network namespace whose `lo` is up and has the mark as its alias, and pins it at the path by a bind mount. The mark is
 * written first: what is pinned is marked. When anything fails nothing is left. (`ip netns add`, with a mark.)
 *
 * @throws KERNEL_REFUSED with `details.errno` EEXIST when a namespace is pinned there; PERMISSION_DENIED
 */
export function makeNamespace(pinPath: string, mark: string): void {
  prepareDirectory(dirname(pinPath));
  if (isNamespace(pinPath)) throw refusedPin(pinPath, 'EEXIST');
  deleteNamespace(pinPath);
  awayFromHome(
    () => must(`make the network namespace ${pinPath}`, 'unshare', netNamespaceType),
    () => {
      writeMark(pinPath, mark);
      pin(pinPath);
    },
  );
}

/** Unpins the namespace, which ends it unless somebody else holds it. Absent is success. (`ip netns del`) */
export function deleteNamespace(pinPath: string): void {
  for (let i = 0; i < layers; i += 1) {
    const answer = attempt('umount2', pinPath, MNT_DETACH | UMOUNT_NOFOLLOW);
    if (answer.ok) continue;
    const errno = errnoName(answer.errno);
    if (errno === 'EINVAL' || errno === 'ENOENT' || errno === 'ENOTDIR') break;
    throw refusedCall(`unpin the network namespace ${pinPath}`, 'umount2', answer.errno);
  }
  try {
    unlinkSync(pinPath);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw refusedPin(pinPath, code, error);
  }
}

/**
 * Removes the files of this directory that pin nothing although their names say that they should: a process that dies between two
 * calls leaves one. Returns their paths. What is a mount, here or meanwhile, stays: the kernel sees to that.
 */
export function removeDeadPins(directory: string, isOurs: (name: string) => boolean): readonly string[] {
  return listFiles(directory)
    .filter(isOurs)
    .map((name) => join(directory, name))
    .filter((path) => {
      const found = lstatSync(path, { throwIfNoEntry: false });
      if (found?.isFile() !== true || found.size > 0 || isNamespace(path)) return false;
      try {
        unlinkSync(path);
        return true;
      } catch {
        return false;
      }
    });
}

function listFiles(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** The mark of the namespace at `path`; `undefined` when its `lo` has none. @throws SANDBOX_INVALID, PERMISSION_DENIED */
export async function readMark(path: string): Promise<string | undefined> {
  const rtnetlink = openRtnetlink(path);
  try {
    return markIn(await rtnetlink.dump(readLoopback));
  } finally {
    rtnetlink.close();
  }
}

function writeMark(pinPath: string, mark: string): void {
  const socket = new NetlinkSocket();
  try {
    const refusals: NetlinkRefusal[] = [];
    const only = { sequence: 1, from: 0, end: 1 };
    exchange(socket, batchesOf([markRequest(mark)]), only, (_, refusal) => refusals.push(refusal));
    const [refusal] = refusals;
    if (refusal !== undefined) {
      const answer = `${refusal.errno}${refusal.text === '' ? '' : `: ${refusal.text}`}`;
      throw new WeftError(
        'KERNEL_REFUSED',
        `cannot mark the network namespace ${pinPath} "${mark}": ${answer}`,
        {
          details: { pinPath, mark, ...refusal },
        },
      );
    }
  } finally {
    socket.close();
  }
}

function pin(pinPath: string): void {
  try {
    closeSync(openSync(pinPath, 'wx', 0o444));
  } catch (error) {
    throw refusedPin(pinPath, (error as NodeJS.ErrnoException).code ?? '', error);
  }
  const answer = attempt('mount', ownNamespace, pinPath, 'none', MS_BIND, null);
  if (answer.ok) return;
  unlinkSync(pinPath);
  throw refusedCall(`pin the network namespace ${pinPath}`, 'mount', answer.errno);
}

function prepareDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw refusedPin(directory, (error as NodeJS.ErrnoException).code ?? '', error);
  }
  if (/^(\/var)?\/run\/netns$/.test(normalize(directory))) shareDirectory(directory);
}

/**
 * Makes the directory of `ip netns` a shared mount, as `ip` does when it is first used, under the same lock. Were it done by `ip`
 * after we had pinned something there, our pins would lie hidden below the new mount and could never be undone.
 */
function shareDirectory(directory: string): void {
  const wish = `share the mount ${directory}`;
  const share = (): ReturnType<typeof attempt> =>
    attempt('mount', '', directory, 'none', MS_SHARED | MS_REC, null);
  const lock = openSync(directory, 'r');
  try {
    must(`lock ${directory}`, 'flock', lock, LOCK_EX);
    const first = share();
    if (first.ok) return;
    if (errnoName(first.errno) !== 'EINVAL') throw refusedCall(wish, 'mount', first.errno);
    must(`make ${directory} a mount`, 'mount', directory, directory, 'none', MS_BIND | MS_REC, null);
    const second = share();
    if (!second.ok) throw refusedCall(wish, 'mount', second.errno);
  } finally {
    closeSync(lock);
  }
}

function refusedPin(path: string, errno: string, cause?: unknown): WeftError {
  const denied = errno === 'EPERM' || errno === 'EACCES';
  const code = denied ? 'PERMISSION_DENIED' : 'KERNEL_REFUSED';
  const what = errno === 'EEXIST' ? 'a namespace is pinned there already (EEXIST)' : errno;
  return new WeftError(code, `cannot pin or unpin a network namespace at ${path}: ${what}`, {
    cause,
    details: { path, errno },
  });
}
