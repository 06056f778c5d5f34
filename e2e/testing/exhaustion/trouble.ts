import { setTimeout as pause } from 'node:timers/promises';
import type { Host } from '../../lab/host.ts';
import { fileFaults, serverFaults, type StoreFault } from '../../lab/store-faults.ts';
import type { Random } from '../../soak/random.ts';
import type { Scene } from '../scene.ts';
import type { Book } from './book.ts';

/** What befell the agents and their store. */
export interface Troubles {
  killed: number;
  cut: number;
}

/** Milliseconds: how long anything lasts at most, and how much time passes between two troubles. */
const longest = 1200;
const apart = 400;

/**
 * Kills agents and cuts the store off, one trouble after the other, for as long as somebody wants. When it returns, every agent runs
 * and the store can be reached.
 */
export async function disturb(
  scene: Scene,
  { random, book, goesOn }: { readonly random: Random; readonly book: Book; goesOn(): boolean },
): Promise<Troubles> {
  const troubles: Troubles = { killed: 0, cut: 0 };
  const { store } = scene.lab;
  const faults = [
    ...store.servers.flatMap(serverFaults),
    ...(store.kind === 'file' ? fileFaults(store) : []),
  ];
  const some = (): Host => random.pick(scene.hosts) ?? scene.host('h1');
  const lasts = (): Promise<void> => pause(random.next() * longest);
  const killed = async (host: Host): Promise<void> => {
    book.tell(`the agent of ${host.name} is killed`);
    troubles.killed += 1;
    await host.agent.kill9();
    await pause(random.next() * apart);
    await host.agent.start();
    book.tell(`the agent of ${host.name} is started`);
  };
  const storeLost = async (fault: StoreFault, meanwhile: () => Promise<void>): Promise<void> => {
    book.tell(`the store is ${fault.name}`);
    troubles.cut += 1;
    try {
      await fault.begin();
      await meanwhile();
    } finally {
      await fault.end();
    }
    book.tell('the store is back');
  };
  /** One agent alone loses sight of the store: its cable is pulled. A file needs none. */
  const hostCut = async (host: Host): Promise<void> => {
    book.tell(`${host.name} is cut off`);
    troubles.cut += 1;
    try {
      await host.cable('down');
      await lasts();
    } finally {
      await host.cable('up');
    }
    book.tell(`${host.name} is back`);
  };
  const kill = (): Promise<void> => killed(some());
  const lose = (): Promise<void> => storeLost(random.pick(faults) as StoreFault, lasts);
  const cutOff = (): Promise<void> => hostCut(some());
  /** It starts without a store, from what it has on its disk. */
  const killAway = (): Promise<void> => storeLost(random.pick(faults) as StoreFault, kill);
  const kinds = store.kind === 'file' ? [kill, lose] : [kill, lose, cutOff, kill, lose, cutOff, killAway];
  let left: (() => Promise<void>)[] = [];
  while (goesOn()) {
    await pause(random.next() * apart);
    // Each of them comes in its turn, in any order.
    if (left.length === 0) left = [...kinds];
    await left.splice(Math.floor(random.next() * left.length), 1)[0]?.();
    // Who was killed may be on his way still when the next trouble comes; a file that is not there he would make anew.
    if (store.kind === 'file' || random.next() < 0.5) await allReady(scene);
  }
  await allReady(scene);
  book.tell('all troubles are over');
  return troubles;
}

async function allReady({ hosts }: Scene): Promise<void> {
  await Promise.all(hosts.map((host) => host.agent.waitReady()));
}
