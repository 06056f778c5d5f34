import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { belongsTo } from '../lab/names.ts';
import { namedNamespaces, processesIn } from '../lab/netns.ts';
import { waitFor } from '../lab/wait.ts';
import type { Scene } from './scene.ts';
import { keysBelow } from './store-keys.ts';

/** Everything of a lab that can be left behind, as sorted lines: keys, namespaces, processes of its hosts. */
export type Stock = readonly string[];

export async function takeStock({ lab, hosts }: Scene): Promise<Stock> {
  const keys = await keysBelow(lab.store, '');
  const pinned = hosts.flatMap((host) =>
    host.networkNamespaces().map((path) => `namespace ${basename(path)} of ${host.name}`),
  );
  const named = namedNamespaces().filter((name) => belongsTo(lab.name, name));
  const running = hosts.flatMap((host) =>
    processesIn([host.path, ...host.networkNamespaces()])
      .map(commandOf)
      // Whoever watches stands beside it.
      .filter((command) => command !== '' && command !== 'strace')
      .map((command) => `process ${command} of ${host.name}`),
  );
  return [...keys.map((key) => `key ${key}`), ...pinned, ...named, ...running].toSorted();
}

/** Waits until everything is as it was, and tells what is not; empty is good. */
export async function strays(scene: Scene, before: Stock, within = 20_000): Promise<readonly string[]> {
  const differ = async (): Promise<readonly string[]> => {
    const now = await takeStock(scene);
    return [
      ...now.filter((line) => !before.includes(line)).map((line) => `left: ${line}`),
      ...before.filter((line) => !now.includes(line)).map((line) => `missing: ${line}`),
    ];
  };
  const same = async (): Promise<boolean> => (await differ()).length === 0;
  await waitFor('everything to be as it was', same, { within, every: 100 }).catch(() => undefined);
  return differ();
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}
