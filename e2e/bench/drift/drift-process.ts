/**
 * The product's reconciler and drift watch on one network, in a process of their own that stands in a node's namespace. Takes
 * orders as JSON lines, answers each by one.
 *
 *   node drift-process.ts NETNS-DIRECTORY SANDBOX
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { DriftScene } from '../../../agent/drift/testing/drift-scene.ts';
import { openLinuxKernel } from '../../../linux/netlink/kernel.ts';
import type { NetworkId } from '../../../model/network.ts';
import type { Hand } from './hands.ts';

export type Order =
  /** Makes a network with so many endpoints elsewhere, with or without hearing notices. */
  | { readonly do: 'open'; readonly remote: number; readonly listens: boolean }
  | { readonly do: 'compare' }
  | { readonly do: 'drift'; readonly hand: Hand }
  | { readonly do: 'idle'; readonly seconds: number }
  | { readonly do: 'close' };

/** Milliseconds, of the clock and of processor time; MiB resident when it was over. */
export interface Outcome {
  readonly ms: number;
  readonly cpuMs: number;
  readonly rss: number;
}

const [netnsDir = '', sandbox = ''] = process.argv.slice(2);
const id = '00000000000000d1' as NetworkId;
const paths = { network: join(netnsDir, `weft-${id}`), sandbox };
const kernel = await openLinuxKernel({ netnsDir });
let scene: DriftScene | undefined;
const current = (): DriftScene => {
  if (scene === undefined) throw new Error('no scene is open');
  return scene;
};

async function timed(work: () => Promise<unknown>): Promise<Outcome> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, cpuMs: (user + system) / 1000, rss: process.memoryUsage.rss() / 2 ** 20 };
}

/** From the end of the program that changes something until all of it is as it was. */
async function drift({ kind, count, program, where, lines }: Hand): Promise<Outcome> {
  const { repairs } = current();
  const so = (): number => repairs.counts.get(kind as never) ?? 0;
  const enough = so() + count;
  const args = program === 'sysctl' ? ['-q', '-p', '-'] : ['-batch', '-'];
  const child = spawn('nsenter', [`--net=${paths[where]}`, program, ...args], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.stdin.end(`${lines.join('\n')}\n`);
  await once(child, 'exit');
  return timed(async () => {
    const end = performance.now() + 60_000;
    while (so() < enough) {
      if (performance.now() > end) throw new Error(`not repaired within a minute: ${lines[0]}`);
      await pause(1);
    }
  });
}

async function carryOut(order: Order): Promise<Outcome> {
  switch (order.do) {
    case 'open': {
      const { remote, listens } = order;
      scene = new DriftScene({ kernel, id, sandboxes: [sandbox], remote, listens, pauses: false });
      // What was heard of it is read to the end.
      return timed(() =>
        current()
          .pass()
          .then(() => pause(100)),
      );
    }
    case 'compare':
      return timed(() => current().pass());
    case 'drift':
      return drift(order.hand);
    case 'idle':
      return timed(() => pause(order.seconds * 1000));
    case 'close': {
      await current().leave();
      scene = undefined;
      return { ms: 0, cpuMs: 0, rss: 0 };
    }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await carryOut(JSON.parse(line) as Order))}\n`);
}
await kernel.close();
