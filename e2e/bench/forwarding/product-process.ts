/**
 * Runs inside a node namespace: reads an order per line, measures, answers with a line.
 *
 *   product-process.ts NETNS_DIR SANDBOX_PATH
 */
import { createInterface } from 'node:readline';
import { NetworkReconciler } from '../../../agent/reconcile/network-reconciler.ts';
import type { NetworkInput } from '../../../agent/reconcile/pass.ts';
import type { Kernel } from '../../../linux/kernel.ts';
import { openLinuxKernel } from '../../../linux/netlink/kernel.ts';
import { WorldOfEndpoints } from './world.ts';

export interface Order {
  /** Remote endpoints; each is one FDB and one neighbour entry. */
  readonly endpoints: number;
}

/** Times in milliseconds. */
export interface Outcome {
  /** View -> desired state -> plan. */
  readonly thinking: number;
  /** Until the kernel has answered every step. */
  readonly applying: number;
  /** After that, within the same pass. */
  readonly afterwards: number;
  /** A full compare afterwards: everything is read back, and nothing is left to do. */
  readonly comparing: number;
  /** Processor time of the process up to the kernel's last answer, in microseconds: its own, and in the kernel. */
  readonly userMicros: number;
  readonly kernelMicros: number;
  readonly steps: number;
}

interface Laps {
  begin: number;
  end: number;
  cpu: NodeJS.CpuUsage;
  steps: number;
}

/** The real kernel, with a stopwatch at the only door through which a pass writes. */
function watched(kernel: Kernel, laps: Laps): Kernel {
  return {
    namespaces: () => kernel.namespaces(),
    observe: (scope, sandboxes) => kernel.observe(scope, sandboxes),
    look: (scope, entries) => kernel.look(scope, entries),
    listen: (listener) => kernel.listen(listener),
    announce: (scope, bridge, announcements) => kernel.announce(scope, bridge, announcements),
    bootId: () => kernel.bootId(),
    identify: (scope) => kernel.identify(scope),
    underlay: (advertise) => kernel.underlay(advertise),
    watchUnderlay: (onChange) => kernel.watchUnderlay(onChange),
    routes: () => kernel.routes(),
    addresses: () => kernel.addresses(),
    close: () => kernel.close(),
    async apply(steps) {
      laps.begin = performance.now();
      laps.steps = steps.length;
      const results = await kernel.apply(steps);
      laps.end = performance.now();
      laps.cpu = process.cpuUsage();
      return results;
    },
  };
}

async function measure(kernel: Kernel, sandbox: string, { endpoints }: Order): Promise<Outcome> {
  const laps: Laps = { begin: 0, end: 0, cpu: process.cpuUsage(), steps: 0 };
  const world = new WorldOfEndpoints(sandbox, endpoints);
  const reconciler = new NetworkReconciler(world.network.id, watched(kernel, laps));
  const pass = async (input: NetworkInput): Promise<void> => {
    const { failures } = await reconciler.pass(input);
    const [first] = failures;
    if (first !== undefined)
      throw new Error(`${failures.length} steps failed; ${first.key}: ${first.error.message}`);
  };
  try {
    await pass(world.before);
    for (const id of world.remote) reconciler.markEndpoint(id);
    const start = performance.now();
    const cpu = process.cpuUsage();
    await pass(world.after);
    const outcome = {
      thinking: laps.begin - start,
      applying: laps.end - laps.begin,
      afterwards: performance.now() - laps.end,
      userMicros: laps.cpu.user - cpu.user,
      kernelMicros: laps.cpu.system - cpu.system,
      steps: laps.steps,
    };
    const done = laps.end;
    reconciler.markCompare();
    const begin = performance.now();
    await pass(world.after);
    if (laps.end !== done) throw new Error('a compare found something to do where all was done');
    return { ...outcome, comparing: performance.now() - begin };
  } finally {
    reconciler.markAll();
    await pass(world.gone);
  }
}

const [netnsDir = '', sandbox = ''] = process.argv.slice(2);
const kernel = await openLinuxKernel({ netnsDir });
for await (const line of createInterface({ input: process.stdin })) {
  const outcome = await measure(kernel, sandbox, JSON.parse(line) as Order);
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}
await kernel.close();
