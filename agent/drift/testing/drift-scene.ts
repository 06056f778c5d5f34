import { NetworkReconciler } from '../../reconcile/network-reconciler.ts';
import type { NetworkInput } from '../../reconcile/pass.ts';
import { Scheduler } from '../../reconcile/scheduler.ts';
import type { Recorded } from '../../view/collection.ts';
import { systemClock } from '../../clock.ts';
import type { Kernel } from '../../../linux/kernel.ts';
import { isNamespace } from '../../../linux/netns/netns.ts';
import type { Plan } from '../../../linux/plan/step.ts';
import type { Endpoint, EndpointId } from '../../../model/endpoint.ts';
import type { EventKind } from '../../../model/event.ts';
import type { Family, Ip } from '../../../model/ip.ts';
import { silentLogger } from '../../../model/logger.ts';
import { noMetrics } from '../../../model/metric.ts';
import type { Mac } from '../../../model/mac.ts';
import type { Name } from '../../../model/name.ts';
import type { Network, NetworkId } from '../../../model/network.ts';
import type { Node, NodeId } from '../../../model/node.ts';
import { endpoint, network, subnet } from '../../../vxlan/testing/builders.ts';
import { DriftWatch } from '../drift-watch.ts';
import { RepairLog } from '../repair-log.ts';

const [here, there] = ['aaaa000000000001' as NodeId, 'bbbb000000000002' as NodeId];
const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');

export interface DriftSceneWish {
  readonly kernel: Kernel;
  readonly id: NetworkId;
  /** Paths of the sandboxes that are attached here. */
  readonly sandboxes: readonly string[];
  /** How many endpoints there are on the other node. */
  readonly remote: number;
  /** Of the tunnels; default: IPv4. */
  readonly underlay?: Family;
  /** Does it hear notices? Default: true. */
  readonly listens?: boolean;
  /** Is what is changed again and again repaired with pauses? Default: true. */
  readonly pauses?: boolean;
}

/**
 * One network on one real node, kept by the product's own reconciler and watched by its own drift watch, without a store and an
 * agent around: what is wanted never changes. The network has two subnets of each family, so that every kind of object is there.
 */
export class DriftScene {
  readonly one: NetworkReconciler;
  readonly repairs: RepairLog;
  readonly events: { readonly kind: EventKind; readonly message: string }[] = [];
  readonly failures: string[] = [];
  /** Ids of the endpoints here. */
  readonly local: readonly EndpointId[];
  passes = 0;
  #last: Plan = [];
  compares = 0;
  readonly #watch: DriftWatch;
  readonly #scheduler: Scheduler<NetworkId>;
  readonly #records = new Map<EndpointId, Recorded<Endpoint>>();
  readonly #underlay: Family;
  #network: Network | undefined;

  constructor({
    kernel,
    id,
    sandboxes,
    remote,
    underlay = 4,
    listens = true,
    pauses = true,
  }: DriftSceneWish) {
    this.#underlay = underlay;
    this.#network = networkOf(id);
    const local = sandboxes.map((path, i) => endpointOf(id, i + 16, here, path));
    this.local = local.map((endpoint) => endpoint.id);
    for (const endpoint of local) this.#enter(endpoint);
    for (let i = 0; i < remote; i += 1) this.#enter(endpointOf(id, 1000 + i, there, '/run/netns/c'));
    const events = { tell: (kind: EventKind, message: string) => void this.events.push({ kind, message }) };
    this.one = new NetworkReconciler(id, kernel);
    this.#scheduler = new Scheduler(() => this.#pass(), systemClock);
    this.repairs = new RepairLog({
      clock: systemClock,
      events,
      metrics: noMetrics,
      networkName: () => 'blue',
    });
    this.#watch = new DriftWatch({
      kernel,
      clock: systemClock,
      logger: silentLogger,
      compare: (_, what) => {
        this.compares += 1;
        this.one.markDrift(what);
        this.#scheduler.mark(id);
      },
      patience: (network, keys) => (pauses ? this.repairs.patience(network, keys) : 0),
    });
    this.#watch.add(this.one);
    if (listens) this.#watch.open();
  }

  /** Makes everything, or compares everything. */
  async pass(): Promise<void> {
    const { begun } = this.one.passes;
    this.one.markCompare();
    this.#scheduler.mark(this.one.id);
    while (this.one.passes.ended <= begun) await new Promise((resolve) => setImmediate(resolve));
  }

  /** The same, and what was done. */
  async passSteps(): Promise<Plan> {
    await this.pass();
    return this.#last;
  }

  /** What a pass would do that read the kernel now. */
  planNow(): Promise<Plan> {
    return this.one.planNow(true);
  }

  /** Takes everything out of the kernel, and ends. */
  async leave(): Promise<void> {
    this.#network = undefined;
    this.one.markAll();
    await this.pass();
    await this.close();
  }

  async close(): Promise<void> {
    this.#watch.close();
    this.repairs.close();
    await this.#scheduler.close();
  }

  #enter(value: Endpoint): void {
    this.#records.set(value.id, { value, revision: 1 });
  }

  async #pass(): Promise<void> {
    const report = await this.one.pass(this.#input());
    this.#last = report.plan;
    this.passes += 1;
    this.failures.push(...report.failures.map(({ key, error }) => `${key}: ${error.message}`));
    this.repairs.repaired(this.one.id, report.repairs);
    await this.#watch.passed(this.one, report.compared);
  }

  #input(): NetworkInput {
    const prefix = this.#underlay === 4 ? '192.0.2.' : '2001:db8::';
    const nodes = [nodeOf(here, `${prefix}1`), nodeOf(there, `${prefix}2`)];
    return {
      self: { node: here, vtep: `${prefix}1` as Ip, cluster: { ...cluster, underlay: this.#underlay } },
      network: this.#network,
      nodes,
      node: (id) => nodes.find((node) => node.id === id),
      endpoint: (id) => this.#records.get(id),
      endpoints: () => this.#records.values(),
      lives: ({ sandbox }) => isNamespace(sandbox.path),
      defaultRoutes: () => [],
      isConfirmed: true,
    };
  }
}

function endpointOf(network: NetworkId, n: number, node: NodeId, path: string): Endpoint {
  return endpoint(n, {
    id: hex(n, 32) as EndpointId,
    network,
    node,
    mac: `02:57:00:${hex(n, 6).match(/../g)!.join(':')}` as Mac,
    addresses: [`10.7.${n >> 8}.${n & 255}`, `fd00:7::${n.toString(16)}`] as Ip[],
    sandbox: { key: `c${n}`, path, bootId: '', cookie: '0' },
  });
}

const networkOf = (id: NetworkId): Network =>
  network({
    id,
    subnets: [
      subnet('10.7.0.0/16', '10.7.255.254'),
      subnet('10.8.0.0/24', '10.8.0.254'),
      subnet('fd00:7::/64', 'fd00:7::ffff:1'),
      subnet('fd00:8::/64', 'fd00:8::ffff:1'),
    ],
  });

const nodeOf = (id: NodeId, vtep: string): Node => ({
  id,
  name: id as string as Name,
  vteps: [vtep as Ip],
  mtu: 1500,
  serial: 1,
  routes: [],
  addresses: [],
  nameServers: [],
  version: '',
});

const cluster = {
  id: 'test',
  epoch: 1,
  underlay: 4,
  port: 4789,
  vniFirst: 0x100000,
  vniLast: 0xfffffe,
  pools: [],
  minimumVersion: '0.0.0',
} as const;
