import type { AttachBody, EndpointJson } from '../../api/schemas/endpoint.ts';
import type { EventKind } from '../../model/event.ts';
import type { LogLine, TestNode, World } from './world.ts';

/** The grace of a cluster's nodes, in milliseconds. */
export const grace = 60_000;
/** After this a node that went has no lease any more, nobody has to wait for his rank, and what follows is done. */
export const surely = grace + 40_000;

/** Nodes with a short grace and a network `blue`, in the order of their ranks. */
export async function startCluster(
  world: World,
  size: number,
  flags: Readonly<Record<string, string>> = {},
): Promise<readonly [TestNode, TestNode, TestNode, ...TestNode[]]> {
  const nodes: TestNode[] = [];
  for (let n = 1; n <= size; n += 1)
    nodes.push(await world.ready(n, { '--dead-node-grace': '60s', ...flags }));
  await world.settled(nodes[0]!.create('blue', '10.7.0.0/24', 'fd00:7::/64'));
  await world.clock.advance(100);
  const ranked = nodes.toSorted((a, b) => (a.agent.id < b.agent.id ? -1 : 1));
  return ranked as unknown as readonly [TestNode, TestNode, TestNode, ...TestNode[]];
}

/** A named endpoint of `blue`. */
export const attached = (
  world: World,
  node: TestNode,
  name: string,
  more: Partial<AttachBody> = {},
): Promise<EndpointJson> => world.settled(node.attach('blue', name, { name, ...more }));

/** Keys of all endpoints, and of the claims that endpoints hold. */
export async function endpointKeys(world: World): Promise<readonly string[]> {
  const all = await world.keys('net/');
  return all.filter((key) => !/claim\/address\/(10\.7\.0\.1|fd00:7::1)$/.test(key));
}

/** What these nodes have told of this kind. */
export function told(kind: EventKind, ...nodes: readonly TestNode[]): readonly LogLine[] {
  return nodes.flatMap((node) => node.log).filter((line) => line['event'] === kind);
}
