import { setTimeout as pause } from 'node:timers/promises';
import type { Host } from '../lab/host.ts';
import { createLab } from '../lab/lab.ts';
import { waitFor } from '../lab/wait.ts';
import { viewIsKept } from '../testing/nodes.ts';
import { Scene } from '../testing/scene.ts';
import { difference, kernelOf, worldOf, type World } from './world.ts';

/** The network that is attached to, and the sandbox that is. */
const network = 'blue';
const sandbox = 'c1';

/** One thread for what Node does in the background: it does the same calls in the same order each time. */
export const env = { UV_THREADPOOL_SIZE: '1' };

/** How a world is at rest. */
export type Rest = 'attached' | 'detached';

/**
 * Two hosts on one network: on h2 a sandbox is attached for good, on h1 one comes and goes while h1's agent is killed. Knows how the
 * world is when nobody is killed.
 */
export class Stage {
  readonly scene: Scene;
  readonly host: Host;
  readonly #worlds: Readonly<Record<Rest, World>>;
  rest: Rest = 'detached';

  private constructor(scene: Scene, worlds: Readonly<Record<Rest, World>>) {
    this.scene = scene;
    this.host = scene.host('h1');
    this.#worlds = worlds;
  }

  /** In a lab of two hosts where no agent runs yet. */
  static async open(scene: Scene): Promise<Stage> {
    for (const { agent } of scene.hosts) {
      await agent.start({ env });
      await agent.waitReady();
    }
    await scene.declare(network, { subnets: ['10.7.0.0/24', 'fd00:7::/64'] });
    await scene.join('h2', sandbox, network);
    await scene.join('h1', sandbox, network);
    await viewIsKept(scene.hosts);
    const attached = await settledWorld(scene);
    await scene.leave('h1', sandbox, network);
    return new Stage(scene, { attached, detached: await settledWorld(scene) });
  }

  async attach(): Promise<void> {
    await this.scene.join('h1', sandbox, network);
    this.rest = 'attached';
  }

  async detach(): Promise<void> {
    await this.scene.leave('h1', sandbox, network);
    this.rest = 'detached';
  }

  /** Brings it about undisturbed, unless it is so. */
  async be(rest: Rest): Promise<void> {
    if (this.rest === rest) return;
    await (rest === 'attached' ? this.attach() : this.detach());
  }

  /** The agent runs and is ready. */
  async run(): Promise<void> {
    await this.host.agent.start({ env });
    await this.host.agent.waitReady();
  }

  /** Everything made anew, when something was left that is in the way. */
  async anew(): Promise<Stage> {
    await this.scene.lab.remove();
    return Stage.open(new Scene(await createLab(this.scene.lab.wish)));
  }

  /** Waits until the world is as it is at rest when nobody was killed; what is otherwise, after all. */
  async strays(within = 15_000): Promise<readonly string[]> {
    const look = async (): Promise<readonly string[]> =>
      difference(await worldOf(this.scene), this.#worlds[this.rest]);
    let found: readonly string[] = [];
    const same = async (): Promise<boolean> => (found = await look()).length === 0;
    await waitFor('the world to be as if undisturbed', same, { within, every: 200 }).catch(() => undefined);
    return found;
  }

  /** Of the namespaces of h1's networks and its sandbox. */
  kernel(): Promise<World> {
    return kernelOf(this.host, this.scene.members);
  }

  get sandboxPath(): string {
    return this.host.sandbox(sandbox).path;
  }

  get networkPath(): string {
    return this.host.networkNamespace(this.scene.network(network).id);
  }
}

/** The world once it does not change any more. */
async function settledWorld(scene: Scene): Promise<World> {
  let last = await worldOf(scene);
  const same = async (): Promise<boolean> => {
    const now = await worldOf(scene);
    const isSame = difference(now, last).length === 0;
    last = now;
    return isSame;
  };
  await pause(100);
  await waitFor('the world to come to rest', same, { within: 15_000, every: 250 });
  return last;
}
