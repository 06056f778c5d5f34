import { existsSync, readdirSync, readlinkSync, statfsSync, statSync } from 'node:fs';
import { namespacePath, namespaceRoot } from './names.ts';
import { mustRun, run, type Argv, type Outcome, type RunOptions } from './run.ts';

/** NSFS_MAGIC of linux/magic.h: what statfs(2) says of a file that pins a namespace. */
const nsfs = 0x6e736673;

/** Does this path pin a namespace? A plain file left by a crash or a lost mount does not. */
export function isNamespace(path: string): boolean {
  try {
    return statfsSync(path).type === nsfs;
  } catch {
    return false;
  }
}

/** The names below /run/netns. */
export function namedNamespaces(): readonly string[] {
  return existsSync(namespaceRoot) ? readdirSync(namespaceRoot) : [];
}

/** `ip netns add NAME`, with `lo` up, unless it is there. Returns whether it was made. */
export async function ensureNamespace(name: string): Promise<boolean> {
  if (isNamespace(namespacePath(name))) return false;
  if (existsSync(namespacePath(name))) await removeNamespace(name);
  await mustRun(['ip', 'netns', 'add', name]);
  await mustRun(['ip', '-n', name, 'link', 'set', 'lo', 'up']);
  return true;
}

/** `ip netns del NAME`; absent is success. */
export async function removeNamespace(name: string): Promise<void> {
  if (!existsSync(namespacePath(name))) return;
  const { code } = await run(['ip', 'netns', 'del', name]);
  // A dead file is no mount: `ip` has removed the file all the same, or it is gone by now.
  if (code !== 0 && existsSync(namespacePath(name))) await mustRun(['rm', '-f', namespacePath(name)]);
}

/** Unpins a namespace that lies anywhere (`umount PATH; rm PATH`); absent is success. */
export async function unpin(path: string): Promise<void> {
  for (let layers = 0; isNamespace(path) && layers < 8; layers += 1) await mustRun(['umount', path]);
  await mustRun(['rm', '-f', path]);
}

/** `nsenter --net=PATH CMD...`: unlike `ip netns exec` it makes no mount namespace. */
export const inside = (path: string, argv: Argv): Argv => ['nsenter', `--net=${path}`, ...argv];

/** Runs a command inside a namespace; a code other than 0 is an answer. */
export function runIn(path: string, argv: Argv, options?: RunOptions): Promise<Outcome> {
  return run(inside(path, argv), options);
}

/** Runs a command inside a namespace that has to succeed; returns its output. */
export function mustRunIn(path: string, argv: Argv, options?: RunOptions): Promise<string> {
  return mustRun(inside(path, argv), options);
}

/** `ip -n NAME -batch -`: many changes, one process. */
export async function ipBatch(path: string, lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await mustRunIn(path, ['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
}

/** The processes whose network namespace is one of these, by the namespaces' inode numbers. */
export function processesIn(paths: readonly string[]): readonly number[] {
  const links = new Set(paths.filter(isNamespace).map((path) => `net:[${statSync(path).ino}]`));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => links.has(networkNamespaceOf(pid)));
}

function networkNamespaceOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return '';
  }
}
