import type { Name } from '../../../model/name.ts';
import type { TestNode, World } from '../../testing/world.ts';

/** Nodes that all know network blue. */
export async function blueOn(world: World, ...numbers: readonly number[]): Promise<readonly TestNode[]> {
  const nodes: TestNode[] = [];
  for (const n of numbers) nodes.push(await world.ready(n));
  await nodes[0]!.create('blue', '10.7.0.0/24', 'fd00:7::/64');
  await world.until('everybody to know blue', () =>
    nodes.every((node) => node.agent.view.network('blue' as Name) !== undefined),
  );
  return nodes;
}

/** How many claims are in the store, those of gateways included. */
export const claims = async (world: World): Promise<number> =>
  (await world.keys('net/')).filter((key) => key.includes('/claim/')).length;
