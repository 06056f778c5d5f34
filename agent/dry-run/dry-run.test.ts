import { expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { networkScope } from '../../linux/objects/scope.ts';
import type { NetworkId } from '../../model/network.ts';
import { World, type TestNode } from '../testing/world.ts';
import { printDryRun, type DryRunReport } from './dry-run.ts';

/** Everything that a dry run must leave as it is. */
async function around(world: World, node: TestNode): Promise<unknown> {
  const files = existsSync(node.directory) ? readdirSync(node.directory) : 'none';
  return {
    store: (await world.store.list('')).entries.map(({ key, value, revision }) => [
      key,
      revision,
      value.length,
    ]),
    writes: node.kernel.writes,
    kernel: node.kernel.peek(),
    files:
      files === 'none'
        ? files
        : files.map((name) => [name, readFileSync(join(node.directory, name), 'utf8')]),
  };
}

/** @throws when it wrote anything. */
async function dryRunOf(world: World, node: TestNode, isStoreAway = false): Promise<DryRunReport> {
  const before = await around(world, node);
  const report = await node.dryRun(isStoreAway);
  expect(await around(world, node)).toEqual(before);
  return report;
}

const keysOf = ({ writes }: DryRunReport): readonly string[] =>
  writes.map(({ op, key }) => `${op} ${key.replace(/[0-9a-f]{16,}/g, '.')}`);

async function attached(world: World): Promise<TestNode> {
  const h1 = await world.ready(1);
  await h1.create('blue', '10.7.0.0/24', 'fd00:7::/64');
  await h1.attach('blue', 'c1');
  await world.clock.advance(5000);
  return h1;
}

test('beside the agent of a healthy node there is nothing to do', async () => {
  await using world = new World();
  const h1 = await attached(world);
  // That agent writes its view when it likes to.
  await world.until('its view is on the disk', () => readdirSync(h1.directory).includes('view.jsonl'));
  const report = await dryRunOf(world, h1);
  expect(report).toMatchObject({
    node: { name: 'h1', id: h1.agent.id },
    store: { state: 'insync' },
    todo: false,
  });
  expect(report.networks.map(({ network, total }) => [network, total])).toEqual([['blue', 0]]);
  expect(keysOf(report)).toEqual(['put alive/.']);
  expect(printDryRun(report)).toMatch(
    /^# node h1 .*: nothing is to be done\n# store: put alive\/\w+, as long as weftd runs/,
  );
  expect(h1.agent.phase).toBe('ready');
});

test('what somebody changed in the kernel would be repaired, and only that', async () => {
  await using world = new World();
  const h1 = await attached(world);
  await h1.stop();
  const blue = h1.kernel.peek().find((o) => o.kind === 'netns');
  const port = h1.kernel.peek().find((o) => o.kind === 'port-fdb' && o.own !== true);
  if (port?.kind !== 'port-fdb' || blue === undefined) throw new Error('there is no port');
  h1.kernel.remove(port);
  const report = await dryRunOf(world, h1);
  expect(report.todo).toBe(true);
  expect(report.networks.flatMap(({ steps }) => steps.map(({ op, key }) => [op, key]))).toEqual([
    ['create', `${port.scope} port-fdb ${port.dev} ${port.mac}`],
  ]);
  expect(printDryRun(report)).toContain(`fdb replace ${port.mac} dev ${port.dev} master static\n`);
});

test('a network that is gone from the store would go from the kernel, an attachment that is missing would be put back', async () => {
  await using world = new World();
  const h1 = await attached(world);
  const [blue] = await h1.service.listNetworks();
  if (blue === undefined || !('id' in blue)) throw new Error('there is no network');
  await h1.stop();
  const [key = ''] = await world.keys(`net/${blue.id}/endpoint/`);
  await world.delete(key);
  const back = await dryRunOf(world, h1);
  expect(keysOf(back)).toContain('put net/./endpoint/.');
  expect(back.networks.map(({ total }) => total)).toEqual([0]);
  for (const each of await world.keys('net')) await world.delete(each);
  const gone = await dryRunOf(world, h1);
  expect(gone.networks.flatMap(({ steps }) => steps.map(({ op, key: k }) => [op, k]))).toEqual([
    ['delete', `${networkScope(blue.id as NetworkId)} netns`],
  ]);
});

test('a node that was never there would join, and accept what waits for somebody', async () => {
  await using world = new World();
  const h1 = world.node(1);
  await world.declare('blue', { subnets: ['10.7.0.0/24'] });
  const report = await dryRunOf(world, h1);
  expect(existsSync(h1.directory)).toBe(false);
  expect(report.todo).toBe(true);
  expect(keysOf(report)).toEqual(
    expect.arrayContaining([
      'put alive/.',
      'put cluster',
      'put nodes/.',
      'put node-claims/name/h1',
      'put network-state/blue',
    ]),
  );
});

test('without the store it goes by what an earlier life knew, and says when none did', async () => {
  await using world = new World();
  const h1 = await attached(world);
  await h1.stop();
  const report = await dryRunOf(world, h1, true);
  expect(report).toMatchObject({ store: { state: 'stale' }, todo: false });
  const h2 = world.node(2);
  await expect(dryRunOf(world, h2, true)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});
