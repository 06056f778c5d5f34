/**
 * The product's reconciler on one network, in a process of its own that stands in a node's namespace; it hears no notices. Takes
 * orders as JSON lines, answers each by one.
 *
 *   node adoption-process.ts NETNS-DIRECTORY SANDBOX
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  hands,
  placeholders,
  type Command,
  type Place,
} from '../../../agent/drift/testing/adoption-hands.ts';
import { DriftScene } from '../../../agent/drift/testing/drift-scene.ts';
import { openLinuxKernel } from '../../../linux/netlink/kernel.ts';
import type { NetworkId } from '../../../model/network.ts';

export type Order =
  | { readonly do: 'open' }
  /** Makes something else of the attribute; of one without a name nothing. */
  | { readonly do: 'hand'; readonly name: string }
  /** One pass, as at the start of an agent. */
  | { readonly do: 'pass'; readonly name: string }
  | { readonly do: 'close' };

export interface Outcome {
  /** False where this kernel has no such attribute. */
  readonly isThere: boolean;
  /** By the clock of the machine, in milliseconds: when the pass began and ended. */
  readonly began: number;
  readonly ended: number;
  readonly steps: number;
}

const [netnsDir = '', sandbox = ''] = process.argv.slice(2);
const id = '00000000000000d2' as NetworkId;
const network = join(netnsDir, `weft-${id}`);
const elsewhere = sandbox.replace(/sandbox$/, 'elsewhere');
const kernel = await openLinuxKernel({ netnsDir });
const scene = new DriftScene({ kernel, id, sandboxes: [sandbox], remote: 3, listens: false });

function run([place, ...words]: Command): void {
  const prefix: Readonly<Record<Place, readonly string[]>> = {
    node: [],
    network: ['nsenter', `--net=${network}`],
    sandbox: ['nsenter', `--net=${sandbox}`],
  };
  const [program = '', ...args] = [...prefix[place], ...words].map((word) => {
    if (word === placeholders.network) return network;
    return word === placeholders.elsewhere ? elsewhere : word;
  });
  execFileSync(program, args, { stdio: 'pipe' });
}

function reach(name: string): boolean {
  try {
    for (const command of hands[name]?.commands ?? []) run(command);
    return true;
  } catch (error) {
    if (/not supported/.test(String(error))) return false;
    throw error;
  }
}

async function carryOut(order: Order): Promise<Outcome> {
  let [isThere, steps] = [true, 0];
  const began = Date.now();
  switch (order.do) {
    case 'open':
      await scene.pass();
      break;
    case 'hand':
      isThere = reach(order.name);
      break;
    case 'pass':
      steps = (await scene.passSteps()).length;
      break;
    case 'close':
      await scene.leave();
  }
  const ended = Date.now();
  if (order.do === 'pass') for (const command of hands[order.name]?.undo ?? []) run(command);
  return { isThere, began, ended, steps };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await carryOut(JSON.parse(line) as Order))}\n`);
}
await kernel.close();
