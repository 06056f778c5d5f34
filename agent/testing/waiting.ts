import type { EndpointJson } from '../../api/schemas/endpoint.ts';
import { WeftError } from '../../model/errors.ts';
import type { Name } from '../../model/name.ts';
import { attached, startCluster } from './cluster.ts';
import type { TestNode, World } from './world.ts';

export const blue = 'blue' as Name;

/** Every key that was ever written below `waits/`, and those that are there. */
export function waitKeys(world: World): {
  readonly written: Set<string>;
  readonly present: () => Promise<number>;
} {
  const written = new Set<string>();
  world.store.watch('waits/', (update) => {
    if (update.kind !== 'changes') return;
    for (const change of update.changes) if (change.kind === 'put') written.add(change.entry.key);
  });
  const present = async (): Promise<number> => (await world.keys('waits/')).length;
  return { written, present };
}

/** Nodes in `blue`, each with an endpoint; h1 first. */
export async function blueWith(
  world: World,
  size: number,
): Promise<readonly [TestNode, TestNode, TestNode, TestNode]> {
  const nodes = (await startCluster(world, size)).toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  for (const node of nodes) await attached(world, node, nameOf(node));
  await world.clock.advance(100);
  return nodes as unknown as readonly [TestNode, TestNode, TestNode, TestNode];
}

export const nameOf = (node: TestNode): string => node.agent.ports.settings.config.name;
export const wait = { wait: true } as const;

/** Has this node's kernel a way to the endpoint? */
export const leadsTo = (node: TestNode, { mac }: EndpointJson): boolean => {
  const steps = node.kernel.written.filter(({ object }) => object.kind === 'fdb' && object.mac === mac);
  return steps.at(-1)?.op === 'create';
};

export const isGone = async (world: World, present: () => Promise<number>): Promise<void> => {
  let left = -1;
  await world.until('the questions to go', () => {
    void present().then((count) => (left = count));
    return left === 0;
  });
};

/** The question is out, and everybody who runs has answered it. */
export async function asked(world: World, written: ReadonlySet<string>, answers: number): Promise<void> {
  await world.until('the question and its answers', () => written.size === 1 + answers);
}

/** News below a prefix are kept from a node, which was not started yet, from now until they are released. */
export function holdBack({ store }: TestNode, prefix: string): { hold(): void; release(): void } {
  let held: (() => void)[] | undefined;
  const watch = store.watch.bind(store);
  store.watch = (asked, sink) =>
    watch(asked, (update) => {
      if (held === undefined || !asked.startsWith(prefix)) sink(update);
      else held.push(() => sink(update));
    });
  return {
    hold: () => (held = []),
    release: () => {
      const waiting = held ?? [];
      held = undefined;
      for (const tell of waiting) tell();
    },
  };
}

export const failure = (promise: Promise<unknown>): Promise<WeftError> =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as WeftError,
  );
