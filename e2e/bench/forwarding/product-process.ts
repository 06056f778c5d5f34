/**
 * Runs inside a node namespace: reads an order per line, measures, answers with a line.
 *
 *   product-process.ts NETNS_DIR SANDBOX_PATH
 */
import { createInterface } from 'node:readline';
import { NetworkReconciler, type NetworkInput } from '../../../agent/reconcile/network-reconciler.ts';
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
  /** User and system time of the process up to the kernel's last answer, in microseconds. */
  readonly cpuMicros: number;
  readonly steps: number;
}

/** The real kernel, with a stopwatch at the only door through which a pass writes. */
function watched(kernel: Kernel, laps: { begin: number; end: number; cpu: number; steps: number }): Kernel {
  return {
    namespaces: () => kernel.namespaces(),
    observe: (scope, sandboxes) => kernel.observe(scope, sandboxes),
    announce: (scope, bridge, announcements) => kernel.announce(scope, bridge, announcements),
    identify: (scope) => kernel.identify(scope),
    underlay: (advertise) => kernel.underlay(advertise),
    routes: () => kernel.routes(),
    close: () => kernel.close(),
    async apply(steps) {
      laps.begin = performance.now();
      laps.steps = steps.length;
      const results = await kernel.apply(steps);
      laps.end = performance.now();
      laps.cpu = cpuMicros();
      return results;
    },
  };
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function measure(kernel: Kernel, sandbox: string, { endpoints }: Order): Promise<Outcome> {
  const laps = { begin: 0, end: 0, cpu: 0, steps: 0 };
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
    const cpuStart = cpuMicros();
    await pass(world.after);
    return {
      thinking: laps.begin - start,
      applying: laps.end - laps.begin,
      afterwards: performance.now() - laps.end,
      cpuMicros: laps.cpu - cpuStart,
      steps: laps.steps,
    };
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
