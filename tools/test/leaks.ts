import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Things on the machine that tests make and must remove, each as one line for people. */
export type Inventory = ReadonlySet<string>;

export interface LeftoverProcess {
  readonly pid: number;
  readonly command: string;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // The process ended meanwhile.
  }
}

/** Mount points of namespaces, as named namespaces are listed (proc(5), mountinfo: the file system type follows the lone dash). */
function pinnedNamespaces(): string[] {
  return read('/proc/self/mountinfo')
    .split('\n')
    .filter((line) => line.includes(' - nsfs '))
    .map((line) => `network namespace ${line.split(' ')[4] ?? ''}`);
}

/** Namespaces, links and folders of this machine. Of shared folders only what bears a name of ours or of our stores. */
export function takeInventory(): Inventory {
  const ours = /weft|etcd|consul/;
  return new Set([
    ...pinnedNamespaces(),
    ...list('/run/netns').map((name) => `network namespace /run/netns/${name}`),
    ...list('/sys/class/net').map((name) => `link ${name}`),
    // Made by the first use of iproute2, mount and systemd's tools, and left there.
    ...list('/run')
      .filter((name) => !['netns', 'mount', 'systemd'].includes(name))
      .flatMap((name) => [
        `/run/${name}`,
        ...(ours.test(name) ? list(join('/run', name)) : []).map((inner) => join('/run', name, inner)),
      ]),
    ...['/tmp', '/var/tmp', '/var/lib'].flatMap((folder) =>
      list(folder)
        .filter((name) => ours.test(name))
        .map((name) => join(folder, name)),
    ),
  ]);
}

/**
 * Processes that the tests started, at whatever remove: with `mark` (NAME=value) in their environment, or, where that
 * was emptied, with a path inside `folder` in their command line.
 */
export function findMarked(mark: string, folder: string): LeftoverProcess[] {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => ({ name, command: read(`/proc/${name}/cmdline`).split('\0').join(' ').trim() }))
    .filter(
      ({ name, command }) =>
        command.includes(`${folder}/`) || read(`/proc/${name}/environ`).split('\0').includes(mark),
    )
    .map(({ name, command }) => ({ pid: Number(name), command: command.slice(0, 160) }));
}
