import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NetworkChangeJson } from '../../api/schemas/debug.ts';
import { decodeAny } from '../../kvstore/records/any.ts';
import type { Store } from '../../kvstore/store.ts';
import type { Kernel } from '../../linux/kernel.ts';
import { shellFor } from '../../linux/objects/shell.ts';
import { sleep, type Clock } from '../../model/clock.ts';
import { WeftError } from '../../model/errors.ts';
import type { Logger } from '../../model/logger.ts';
import type { NetworkId } from '../../model/network.ts';
import { Agent, type AgentPorts } from '../agent.ts';
import type { Resolved } from '../config/load.ts';
import { stepsJson } from '../debug/objects.ts';
import { DryKernel } from './dry-kernel.ts';
import { DryStore } from './dry-store.ts';

export interface DryRunPorts extends Pick<AgentPorts, 'version' | 'random' | 'fraction' | 'nameServers'> {
  readonly settings: Resolved;
  readonly store: Store;
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What the agent of this node would do if it started now. */
export interface DryRunReport {
  readonly node: { readonly id: string; readonly name: string };
  readonly store: { readonly description: string; readonly state: 'syncing' | 'insync' | 'stale' };
  readonly networks: readonly NetworkChangeJson[];
  /** Keys that it would write or delete. One that would go with the agent's lease says that the node is there, and nothing else. */
  readonly writes: readonly {
    readonly op: 'put' | 'delete';
    readonly key: string;
    readonly leased: boolean;
    readonly value?: unknown;
  }[];
  /** Is there anything to do, other than to say that the node is there? */
  readonly todo: boolean;
}

/** Milliseconds that the start may take, and the silence after which nothing more is expected of it. */
const patience = 20_000;
const silence = 500;
const look = 50;

/**
 * Runs the agent itself, on a copy of its state, a store that keeps what is written to itself, and a kernel that only reads, until
 * it is ready and has nothing more to do. Nothing is written to the kernel, the store or the state directory; no port is taken and
 * no lock: it may run beside the node's weftd.
 *
 * @throws what ends the agent; STORE_UNAVAILABLE when the store does not answer and no earlier life knew anything.
 */
export async function dryRun(ports: DryRunPorts): Promise<DryRunReport> {
  const { settings, clock } = ports;
  const directory = mkdtempSync(join(tmpdir(), 'weftd-dry-run-'));
  try {
    copyState(settings.config.stateDir, directory);
    const store = new DryStore(ports.store);
    const kernel = new DryKernel(ports.kernel);
    // Whoever would wait for another founder is shown what he would found.
    const config = { ...settings.config, stateDir: directory, init: true };
    const agent = new Agent({
      ...ports,
      settings: { ...settings, config },
      store,
      kernel,
      // Nobody is asked for signs of life: the nodes that are down are kept.
      probe: async () => ({ echo: true, refused: false }),
      holdPort: async () => undefined,
      writeView: async () => undefined,
    });
    try {
      await settled(agent, () => store.calls + kernel.calls, clock);
      return reportOf(agent, store, kernel);
    } finally {
      await agent.stop();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What an agent remembers, without its lock: it is replaced as a whole by whoever writes it. */
function copyState(from: string, to: string): void {
  for (const name of ['node.json', 'intents.jsonl', 'view.jsonl']) {
    if (listed(from).includes(name)) copyFileSync(join(from, name), join(to, name));
  }
}

function listed(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    const why = (error as Error).message;
    throw new WeftError('PERMISSION_DENIED', `cannot read the state in ${directory}: ${why}`, {
      cause: error,
    });
  }
}

async function settled(agent: Agent, calls: () => number, clock: Clock): Promise<void> {
  const ended: unknown[] = [];
  agent.run().catch((error: unknown) => {
    ended.push(error);
  });
  const end = clock.monotonic() + patience;
  let seen = -1;
  let since = 0;
  for (;;) {
    if (ended.length > 0) throw ended[0];
    if (calls() !== seen) since = clock.monotonic();
    seen = calls();
    const now = clock.monotonic();
    const isOver = now >= end;
    if (agent.phase === 'ready' && (isOver || now - since >= silence)) return;
    if (isOver) throw notReady(agent);
    await sleep(clock, look, new AbortController().signal);
  }
}

function notReady({ phase, trouble, ports }: Agent): WeftError {
  const why = trouble === undefined ? '' : `: ${trouble}`;
  return new WeftError(
    'STORE_UNAVAILABLE',
    `cannot tell what there is to do: after ${patience / 1000} s weftd is still ${phase}, by the store ${ports.store.description}${why}`,
    { details: { phase } },
  );
}

function reportOf(agent: Agent, store: DryStore, kernel: DryKernel): DryRunReport {
  const { view, ports, id } = agent;
  const { name, netnsDir } = ports.settings.config;
  const shell = shellFor(netnsDir);
  const networks = Array.from(kernel.plans(), ([scope, steps]): NetworkChangeJson => {
    const network = scope.slice('network:'.length) as NetworkId;
    const called = view.networkById(network)?.name ?? network;
    return { network: called, id: network, total: steps.length, steps: stepsJson(steps, shell) };
  }).toSorted((a, b) => (a.network < b.network ? -1 : 1));
  const writes = store
    .writes()
    .map(({ key, leased, value }) =>
      value === undefined
        ? ({ op: 'delete', key, leased } as const)
        : ({ op: 'put', key, leased, value: decodeAny(key, value) ?? null } as const),
    );
  const todo = networks.some(({ total }) => total > 0) || writes.some(({ leased }) => !leased);
  const state = view.state;
  return { node: { id, name }, store: { description: store.description, state }, networks, writes, todo };
}

/** For people; the plan of each network is a script, all else stands behind `#`. */
export function printDryRun({ node, store, networks, writes, todo }: DryRunReport): string {
  const lines = [
    `# node ${node.name} (${node.id}), store ${store.description} (${store.state}): ${todo ? 'this would be done' : 'nothing is to be done'}`,
    ...writes.map(({ op, key, leased, value }) => {
      const how = leased ? ', as long as weftd runs' : '';
      return `# store: ${op} ${key}${how}${value === undefined ? '' : ` ${JSON.stringify(value)}`}`;
    }),
    ...networks.flatMap(({ network, total, steps }) => [
      `# network ${network}: ${total} steps`,
      ...steps.flatMap((step) => step.lines),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}
