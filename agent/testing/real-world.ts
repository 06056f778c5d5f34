import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attachBody, detachBody, type EndpointJson } from '../../api/schemas/endpoint.ts';
import type { StatusJson } from '../../api/schemas/status.ts';
import { FakeStore } from '../../kvstore/fake-store.ts';
import { FakeKernel } from '../../linux/fake-kernel.ts';
import type { Kernel } from '../../linux/kernel.ts';
import { isNamespace } from '../../linux/netns/netns.ts';
import {
  networkScope,
  sandboxScope,
  type NetworkScope,
  type SandboxScope,
} from '../../linux/objects/scope.ts';
import { until } from '../../linux/testing/fresh-namespace.ts';
import { FreshNode } from '../../linux/testing/fresh-node.ts';
import { looks, pictureOf } from '../../linux/testing/picture.ts';
import type { Ip } from '../../model/ip.ts';
import { silentLogger } from '../../model/logger.ts';
import type { Name } from '../../model/name.ts';
import type { NetworkId } from '../../model/network.ts';
import { Agent } from '../agent.ts';
import { systemClock } from '../clock.ts';
import { resolveConfig } from '../config/load.ts';
import { Service } from '../service.ts';
import { statusOf } from '../status.ts';

const network = 'blue' as Name;
const subnets = ['10.7.0.0/24', '10.8.0.0/24', 'fd00:7::/64', 'fd00:8::/64'];
const addresses = (n: number): readonly string[] => [
  `10.7.0.${n}`,
  `10.8.0.${n}`,
  `fd00:7::${n}`,
  `fd00:8::${n}`,
];
const signs = { echo: true, refused: false };

/**
 * A whole agent on the real kernel, another one, far away, on a fake kernel, and one store; in real time. One network, on which the
 * far agent has endpoints.
 */
export class RealWorld implements AsyncDisposable {
  readonly node: FreshNode;
  readonly agent: Agent;
  readonly sandbox: SandboxScope;
  readonly scope: NetworkScope;
  /** The endpoints of the far agent. */
  readonly far: readonly EndpointJson[];
  readonly #cleanUp: AsyncDisposableStack;

  private constructor(
    node: FreshNode,
    agent: Agent,
    of: { readonly scope: NetworkScope; readonly far: readonly EndpointJson[] },
    cleanUp: AsyncDisposableStack,
  ) {
    this.node = node;
    this.agent = agent;
    this.sandbox = node.sandbox();
    this.scope = of.scope;
    this.far = of.far;
    this.#cleanUp = cleanUp;
  }

  static async open(): Promise<RealWorld> {
    await using stack = new AsyncDisposableStack();
    const node = stack.use(await FreshNode.open());
    node.node.run('ip', 'link', 'add', 'eth1', 'type', 'bridge');
    node.node.run('ip', 'address', 'add', '192.0.2.1/24', 'dev', 'eth1');
    node.node.run('ip', 'link', 'set', 'eth1', 'up');
    const stateDir = mkdtempSync(join(tmpdir(), 'weft-real-'));
    stack.defer(() => {
      rmSync(stateDir, { recursive: true });
    });
    const store = new FakeStore({ clock: systemClock });
    stack.defer(() => store.close());
    const start = async (name: string, kernel: Kernel, netnsDir: string): Promise<Agent> => {
      const client = store.another();
      const agent = agentOf({ name, kernel, netnsDir, stateDir: join(stateDir, name), store: client });
      stack.defer(async () => {
        await agent.stop();
        await client.close();
      });
      agent.run().catch(() => undefined);
      await until(`${name} to be ready`, () => agent.phase === 'ready');
      return agent;
    };
    const agent = await start('h1', node.kernel, node.netnsDir);
    const farKernel = new FakeKernel({
      underlays: [{ interfaceName: 'eth1', addresses: ['192.0.2.2' as Ip], mtu: 1500 }],
    });
    const there = new Service(await start('h2', farKernel, '/run/netns'));
    const made = await there.createNetwork({ name: network, declaration: { subnets } });
    const far: EndpointJson[] = [];
    for (const n of [21, 22, 23]) {
      const sandbox = `/run/netns/far${n}`;
      farKernel.addSandbox(sandboxScope(sandbox));
      far.push(await there.attach(attachBody.parse({ network, sandbox, addresses: addresses(n) })));
    }
    const scope = networkScope(('id' in made ? made.id : '') as NetworkId);
    return new RealWorld(node, agent, { scope, far }, stack.move());
  }

  get service(): Service {
    return new Service(this.agent);
  }

  /** The sandbox here; the same endpoint each time. `timeout`: milliseconds. */
  attach(timeout = 10_000): Promise<EndpointJson> {
    const sandbox = this.node.pathOf(this.sandbox);
    return this.service.attach(attachBody.parse({ network, sandbox, addresses: addresses(11), timeout }));
  }

  async detach(timeout = 10_000): Promise<boolean> {
    const sandbox = this.node.pathOf(this.sandbox);
    return (await this.service.detach(detachBody.parse({ network, sandbox, timeout }))).detached;
  }

  /** Has the network compared with the kernel, as the clock does every five minutes, whatever comes of it. */
  async compare(): Promise<void> {
    const { reconciler } = this.agent;
    const networks = [...reconciler.networks().keys()];
    reconciler.compare(networks);
    await reconciler.compared(networks, AbortSignal.timeout(10_000));
  }

  /** Does the store hold the endpoint here? */
  get isAttached(): boolean {
    return statusOf(this.agent).endpoints.local > 0;
  }

  /** What `weft status` lists as wrong. */
  problems(): StatusJson['problems'] {
    return statusOf(this.agent).problems;
  }

  /** All that iproute2 sees in the network's namespace and in the sandbox. */
  picture(): readonly string[] {
    const places = [this.scope, this.sandbox].filter((where) => isNamespace(this.node.pathOf(where)));
    const seen = places.flatMap((where) =>
      pictureOf(this.node.run(where, 'sh', '-c', looks.join('; '))).map((line) => `${where}: ${line}`),
    );
    return seen.sort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#cleanUp.disposeAsync();
  }
}

interface AgentWish {
  readonly name: string;
  readonly kernel: Kernel;
  readonly netnsDir: string;
  readonly stateDir: string;
  readonly store: FakeStore;
}

function agentOf({ name, kernel, netnsDir, stateDir, store }: AgentWish): Agent {
  const flags = new Map([
    ['--name', name],
    ['--advertise', 'eth1'],
    ['--state-dir', stateDir],
    ['--netns-dir', netnsDir],
    ...(name === 'h1' ? [['--init', 'true'] as const] : []),
  ]);
  return new Agent({
    settings: resolveConfig({ flags, env: {}, hostname: name }),
    store,
    kernel,
    probe: () => Promise.resolve(signs),
    clock: systemClock,
    logger: silentLogger,
    version: '0.1.0',
    random: (bytes) => randomBytes(bytes).toString('hex'),
    fraction: Math.random,
    holdPort: () => Promise.resolve(),
  });
}
