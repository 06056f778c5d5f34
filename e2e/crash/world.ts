import { readdirSync, readFileSync, type Dirent } from 'node:fs';
import { basename, join } from 'node:path';
import { namespaceSettings } from '../../linux/objects/settings.ts';
import { looks, pictureOf } from '../../linux/testing/picture.ts';
import type { Host } from '../lab/host.ts';
import type { Member } from '../lab/members.ts';
import { isNamespace, mustRunIn } from '../lab/netns.ts';
import type { Scene } from '../testing/scene.ts';
import { keysBelow } from '../testing/store-keys.ts';

/**
 * Everything that a crash could leave behind or lose, as sorted lines: what the kernel holds for each host (in its own namespace, in
 * its networks' and in its sandboxes), pins and mounts, the keys of the store, the files of each host's state, open intents.
 * Read past the product, by iproute2, from /proc and from the store's own client.
 */
export type World = readonly string[];

const settings = namespaceSettings.map(
  ({ key }) => `test -e /proc/sys/${key} && echo ${key} = $(cat /proc/sys/${key})`,
);

export async function worldOf(scene: Scene): Promise<World> {
  const keys = (await keysBelow(scene.lab.store, '')).map((key) => `store: ${key}`);
  const hosts = await Promise.all(scene.hosts.map(hostWorld));
  return canonical([...keys, ...hosts.flat()], scene.members).toSorted();
}

/** Of one host, what its agent programs: the namespaces of its networks, and its sandboxes. */
export async function kernelOf(host: Host, members: readonly Member[]): Promise<World> {
  return canonical(await programmed(host), members).toSorted();
}

async function hostWorld(host: Host): Promise<readonly string[]> {
  const seen = [
    await lookInto('node', host.path, looks),
    await programmed(host),
    pinned(host),
    filesOf(host),
  ];
  return seen.flat().map((line) => `${host.name} ${line}`);
}

async function programmed(host: Host): Promise<readonly string[]> {
  const pins = host
    .networkNamespaces()
    .map((path) => lookInto(basename(path), path, [...looks, ...settings]));
  const sandboxes = host.sandboxes().map(({ name, path }) => lookInto(`sandbox ${name}`, path, looks));
  return (await Promise.all([...pins, ...sandboxes])).flat();
}

async function lookInto(what: string, path: string, commands: readonly string[]): Promise<readonly string[]> {
  const text = await mustRunIn(path, ['sh', '-c', `${commands.join('; ')}; true`]);
  return pictureOf(text).map((line) => `${what}: ${line.replaceAll(/\s+/g, ' ').trim()}`);
}

/** Pins, what lies there and pins nothing, and each mount: one that lies on another is another line. */
function pinned({ netnsDirectory }: Host): readonly string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return [
    ...readdirSync(netnsDirectory).map(
      (name) => `${isNamespace(join(netnsDirectory, name)) ? 'pin' : 'no pin'}: ${name}`,
    ),
    ...mounts.flatMap((line) => {
      const place = line.split(' ')[4] ?? '';
      return place.startsWith(`${netnsDirectory}/`) ? [`mount: ${basename(place)}`] : [];
    }),
  ];
}

function filesOf({ directory }: Host): readonly string[] {
  const files = ['state', 'run'].flatMap((each) =>
    readdirSync(join(directory, each), { withFileTypes: true, recursive: true }).map(
      (entry: Dirent) => `file: ${join(entry.parentPath.slice(directory.length + 1), entry.name)}`,
    ),
  );
  const open = openIntents(readFileSync(join(directory, 'state', 'intents.jsonl'), 'utf8'));
  return [...files, ...open.map((intent) => `open intent: ${intent}`)];
}

/** What was begun and not ended, by the lines of the journal. */
function openIntents(text: string): readonly string[] {
  const open = new Map<string, string>();
  for (const line of text.split('\n').slice(0, -1)) {
    const { op, endpoint } = JSON.parse(line) as { readonly op: string; readonly endpoint: string };
    if (op === 'end') open.delete(endpoint);
    else open.set(endpoint, op);
  }
  return [...open].map(([endpoint, op]) => `${op} ${endpoint}`);
}

/** Addresses are drawn anew with each endpoint: who has one stands for it. */
function canonical(lines: readonly string[], members: readonly Member[]): readonly string[] {
  const names = members.flatMap(({ host, sandbox, mac, addresses }) =>
    [mac, ...addresses].map((drawn, i) => {
      const whole = new RegExp(`(?<![0-9a-f:.])${drawn.replaceAll('.', '\\.')}(?![0-9a-f:.])`, 'g');
      return [whole, `<${i === 0 ? 'MAC' : `address ${i}`} of ${host}/${sandbox}>`] as const;
    }),
  );
  return lines.map((line) => names.reduce((text, [whole, name]) => text.replaceAll(whole, name), line));
}

/** What one world has that the other has not, as lines that read well in a failed test; empty: they are alike. */
export function difference(found: World, wanted: World): readonly string[] {
  const [left, missing] = [countOf(found), countOf(wanted)];
  for (const [line, count] of countOf(wanted)) left.set(line, (left.get(line) ?? 0) - count);
  for (const [line, count] of countOf(found)) missing.set(line, (missing.get(line) ?? 0) - count);
  const more = ([, count]: readonly [string, number]): boolean => count > 0;
  return [
    ...[...left].filter(more).map(([line]) => `too much: ${line}`),
    ...[...missing].filter(more).map(([line]) => `missing: ${line}`),
  ];
}

function countOf(lines: World): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}
