import { expect, test } from '@jest/globals';
import { eventsJson, type EventJson } from '../../api/schemas/event.ts';
import type { FdbEntry } from '../../linux/objects/forwarding.ts';
import type { Name } from '../../model/name.ts';
import { World, type TestNode } from '../testing/world.ts';

const told = async (node: TestNode): Promise<readonly EventJson[]> =>
  eventsJson
    .parse(await node.service.events({ after: 0, wait: 0 }))
    .events.filter(({ kind }) => kind.startsWith('drift'));

/** A node with an endpoint in blue, another node with one too, and the FDB entry that leads there. */
async function stage(world: World): Promise<readonly [TestNode, FdbEntry]> {
  const [h1, h2] = [await world.ready(1), await world.ready(2)];
  await h1.create('blue', '10.7.0.0/24');
  await world.until('h2 to know blue', () => h2.agent.view.network('blue' as Name) !== undefined);
  await h1.attach('blue', 'c1');
  await h2.attach('blue', 'c1');
  const fdb = (): FdbEntry | undefined => h1.kernel.peek().find((o) => o.kind === 'fdb');
  await world.until('h1 to hold both', () => fdb() !== undefined);
  await world.clock.advance(1000);
  return [h1, fdb()!];
}

/** Somebody removes the entry, and the kernel says so. */
function meddle({ kernel }: TestNode, object: FdbEntry): void {
  kernel.remove(object);
  kernel.tell(object.scope, { kind: 'lost', object });
}

test('what somebody removes is back when the kernel tells of it; it is counted and told', async () => {
  await using world = new World();
  const [h1, fdb] = await stage(world);
  expect((await h1.service.status()).repairs).toEqual({});
  const before = h1.kernel.writes;
  meddle(h1, fdb);
  await world.clock.advance(100);
  expect(h1.kernel.written.slice(before)).toEqual([{ op: 'create', object: fdb }]);
  expect((await h1.service.status()).repairs).toEqual({ fdb: 1 });
  expect(await h1.service.metrics()).toMatch(/^weft_repairs_total\{kind="fdb"\} 1$/m);
  expect(await told(h1)).toEqual([
    expect.objectContaining({
      kind: 'drift-repaired',
      message: `fdb vxlan0 ${fdb.mac} of network blue was changed by somebody: found absent, made dst ${fdb.dst}`,
      fields: expect.objectContaining({ network: 'blue', kind: 'fdb', from: 'absent', to: `dst ${fdb.dst}` }),
    }),
  ]);
});

test('a notice that is not true costs a compare and nothing else', async () => {
  await using world = new World();
  const [h1, fdb] = await stage(world);
  const before = h1.kernel.writes;
  h1.kernel.tell(fdb.scope, { kind: 'lost', object: fdb });
  await world.clock.advance(100);
  expect([h1.kernel.writes, await told(h1)]).toEqual([before, []]);
});

test('lost notices, and the regular compare, find what nobody told of', async () => {
  await using world = new World();
  const [h1, fdb] = await stage(world);
  h1.kernel.remove(fdb);
  h1.kernel.overrun();
  await world.clock.advance(100);
  expect((await h1.service.status()).repairs).toEqual({ fdb: 1 });
  h1.kernel.remove(fdb);
  await world.clock.advance(300_000);
  expect((await h1.service.status()).repairs).toEqual({ fdb: 2 });
});

test('what was changed while the agent did not run, or what it does itself, is no repair', async () => {
  await using world = new World();
  const [h1, fdb] = await stage(world);
  await h1.stop();
  h1.kernel.remove(fdb);
  await h1.start();
  await h1.detach({ network: 'blue', sandbox: '/run/netns/c1' });
  await world.clock.advance(1000);
  expect([(await h1.service.status()).repairs, await told(h1)]).toEqual([{}, []]);
});

test('what is fought over is a problem until it is left in peace', async () => {
  await using world = new World();
  const [h1, fdb] = await stage(world);
  for (let i = 0; i < 5; i += 1) {
    meddle(h1, fdb);
    await world.clock.advance(100);
  }
  const problems = async (): Promise<readonly string[]> =>
    (await h1.service.status()).problems.map(({ what }) => what);
  expect(await problems()).toEqual([`kernel object fdb vxlan0 ${fdb.mac} of network blue`]);
  meddle(h1, fdb);
  await world.clock.advance(500);
  expect(h1.kernel.peek()).not.toContainEqual(fdb);
  await world.clock.advance(1000);
  expect(h1.kernel.peek()).toContainEqual(fdb);
  await world.clock.advance(90_000);
  expect(await problems()).toEqual([]);
  expect((await told(h1)).map(({ kind }) => kind).slice(-2)).toEqual(['drift-fought', 'drift-over']);
});
