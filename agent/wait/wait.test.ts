import { describe, expect, test } from '@jest/globals';
import { attached, startCluster, told } from '../testing/cluster.ts';
import {
  asked,
  blue,
  blueWith,
  failure,
  isGone,
  leadsTo,
  nameOf,
  wait,
  waitKeys,
} from '../testing/waiting.ts';
import { World } from '../testing/world.ts';

describe('attach --wait', () => {
  test('ends when every other has programmed it; then nothing is left of the question', async () => {
    await using world = new World();
    const [h1, h2, h3] = await blueWith(world, 3);
    const { written, present } = waitKeys(world);
    const endpoint = await world.settled(h1.attach('blue', 'c9', wait));
    expect([leadsTo(h2, endpoint), leadsTo(h3, endpoint)]).toEqual([true, true]);
    expect(endpoint.waited).toEqual({ nodes: ['h2', 'h3'], took: expect.any(Number) });
    expect(written.size).toBe(3);
    await isGone(world, present);
    expect(told('programmed-everywhere', h1, h2, h3)).toEqual([
      expect.objectContaining({ nodes: ['h2', 'h3'], took: endpoint.waited?.took, network: 'blue' }),
    ]);
  });

  test('asks nobody, and writes nothing, without being asked to, or where nobody else takes part', async () => {
    await using world = new World();
    const [h1, h2] = await startCluster(world, 2);
    const { written } = waitKeys(world);
    expect((await world.settled(h1.attach('blue', 'c1', wait))).waited).toMatchObject({ nodes: [] });
    expect((await world.settled(h2.attach('blue', 'c1'))).waited).toBeUndefined();
    await world.settled(h2.detach({ network: 'blue', sandbox: '/run/netns/c1' }));
    expect(written).toEqual(new Set());
  });

  test('the same again waits again, and is answered', async () => {
    await using world = new World();
    const [h1, h2] = await blueWith(world, 2);
    const first = await world.settled(h1.attach('blue', 'c9'));
    await world.until('h2 to hold it', () => leadsTo(h2, first));
    const again = await world.settled(h1.attachAgain('blue', '/run/netns/c9', wait));
    expect(again).toMatchObject({ id: first.id, waited: { nodes: ['h2'] } });
  });

  test('waits for a kernel that refuses until it does not', async () => {
    await using world = new World();
    const [h1, h2] = await blueWith(world, 2);
    h2.kernel.refuseNext({ op: 'create', kind: 'fdb' });
    const { written } = waitKeys(world);
    const done = h1.attach('blue', 'c9', wait);
    await asked(world, written, 1);
    expect(await h1.service.inspectNetwork({ name: blue })).toMatchObject({
      nodes: [{ node: 'h1' }, { node: 'h2', state: 'refused', why: 'ENOBUFS: refused on demand' }],
    });
    const endpoint = await world.settled(done);
    expect(endpoint.waited?.nodes).toEqual(['h2']);
    expect(leadsTo(h2, endpoint)).toBe(true);
  });

  test('late: names who refuses and who is silent; the attach stands', async () => {
    await using world = new World();
    const [h1, h2, h3] = await blueWith(world, 3);
    for (let n = 0; n < 20; n += 1) h2.kernel.refuseNext({ op: 'create', kind: 'fdb' });
    await h3.stop();
    const { present } = waitKeys(world);
    const error = await failure(world.settled(h1.attach('blue', 'c9', { wait: true, timeout: 3000 })));
    expect(error.code).toBe('TIMEOUT');
    expect(error.message).toContain('/run/netns/c9 is attached to network blue as 10.7.0.');
    expect(error.message).toContain('and that stands');
    expect(error.message).toContain('h2 (refused: ENOBUFS: refused on demand)');
    expect(error.message).toContain('h3 (no answer)');
    expect(error.details).toMatchObject({ programmed: [] });
    expect(h1.agent.operations.intents.open()).toEqual([]);
    const [again] = (await h1.service.listEndpoints({ network: blue })).filter(
      (e) => e.sandbox.key === 'netns:c9',
    );
    expect(again).toMatchObject({ programmed: true });
    await isGone(world, present);
  });

  test('a failed attach withdraws its question', async () => {
    await using world = new World();
    const [h1, h2] = await blueWith(world, 2);
    await h2.stop();
    h1.kernel.refuseNext({ op: 'create', kind: 'veth' });
    const { written, present } = waitKeys(world);
    const error = await failure(world.settled(h1.attach('blue', 'c9', { wait: true, timeout: 600_000 })));
    expect(error).toMatchObject({ code: 'KERNEL_REFUSED', message: 'ENOBUFS: refused on demand' });
    await world.clock.advance(1000);
    expect([await present(), written.size]).toEqual([0, 1]);
  });
});

describe('who is waited for', () => {
  test('one that goes down counts no more', async () => {
    await using world = new World();
    const [h1, , h3] = await blueWith(world, 3);
    await h3.stop();
    const before = world.clock.monotonic();
    const endpoint = await world.settled(h1.attach('blue', 'c9', { wait: true, timeout: 60_000 }));
    expect(endpoint.waited?.nodes).toEqual(['h2']);
    const took = world.clock.monotonic() - before;
    expect(took).toBeGreaterThan(5000);
    expect(took).toBeLessThan(16_000);
    // Down already: not even asked.
    const next = await world.settled(h1.attach('blue', 'c10', wait));
    expect(next.waited).toMatchObject({ nodes: ['h2'] });
    expect(next.waited!.took).toBeLessThan(1000);
  });

  test('one that leaves the network counts no more', async () => {
    await using world = new World();
    const [h1, h2, h3] = await blueWith(world, 3);
    const own = (await h1.service.listEndpoints({ network: blue })).find((e) => e.node === nameOf(h3))!;
    await h3.stop();
    const { written } = waitKeys(world);
    const done = h1.attach('blue', 'c9', wait);
    await asked(world, written, 1);
    await world.delete(`net/${own.networkId}/endpoint/${own.id}`);
    const { waited } = await world.settled(done);
    expect(waited?.nodes).toEqual([nameOf(h2)]);
    expect(waited?.took).toBeLessThan(1000);
  });

  test('one that joins late is not waited for', async () => {
    await using world = new World();
    const nodes = await startCluster(world, 3);
    const [h1, h2, h3] = nodes.toSorted((a, b) =>
      nameOf(a) < nameOf(b) ? -1 : 1,
    ) as unknown as typeof nodes;
    await attached(world, h2, 'h2');
    await h2.stop();
    const { written, present } = waitKeys(world);
    const done = h1.attach('blue', 'c9', { wait: true, timeout: 60_000 });
    await asked(world, written, 0);
    await attached(world, h3, 'h3');
    await h2.start();
    expect((await world.settled(done)).waited?.nodes).toEqual(['h2']);
    await isGone(world, present);
  });
});

describe('nothing stays', () => {
  test('when the asker dies: his question goes with his lease, and the answers after it', async () => {
    await using world = new World();
    const [h1, h2, h3] = await blueWith(world, 3);
    await h3.stop();
    const { written, present } = waitKeys(world);
    const done = failure(h1.attach('blue', 'c9', { wait: true, timeout: 600_000 }));
    await asked(world, written, 1);
    // As a kill would have it: the store hears nothing of it.
    h1.store.goAway();
    await world.clock.advance(100);
    await h1.die();
    expect(await present()).toBe(2);
    expect((await done).message).toContain('that stands');
    await world.clock.advance(16_000);
    await isGone(world, present);
    expect(h2.agent.view.isAlive(h2.agent.id)).toBe(true);
  });

  test('when one who answered dies: his answer goes with his lease', async () => {
    await using world = new World();
    const [h1, h2, h3] = await blueWith(world, 3);
    for (let n = 0; n < 200; n += 1) h2.kernel.refuseNext({ op: 'create', kind: 'fdb' });
    const { written, present } = waitKeys(world);
    const done = h1.attach('blue', 'c9', { wait: true, timeout: 60_000 });
    await asked(world, written, 2);
    await h3.die();
    await world.clock.advance(16_000);
    expect(await present()).toBe(2);
    const error = await failure(world.settled(done));
    expect(error.message).toContain('h2 (refused');
    expect(error.details).toMatchObject({ programmed: ['h3'] });
    await isGone(world, present);
  });

  test('when the lease of the asker is lost: he says so, and that the attach stands', async () => {
    await using world = new World();
    const [h1, , h3] = await blueWith(world, 3);
    await h3.stop();
    const { written, present } = waitKeys(world);
    const done = failure(h1.attach('blue', 'c9', { wait: true, timeout: 60_000 }));
    await asked(world, written, 1);
    world.store.expireLeases();
    const error = await world.settled(done);
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(error.message).toMatch(/that stands.*lost its lease/);
    await isGone(world, present);
  });

  test('when the store is away for the asker: he says so in time, and clears up when it is back', async () => {
    await using world = new World();
    const [h1, , h3] = await blueWith(world, 3);
    await h3.stop();
    const { written, present } = waitKeys(world);
    const done = failure(h1.attach('blue', 'c9', { wait: true, timeout: 3000 }));
    await asked(world, written, 1);
    h1.store.goAway();
    const error = await world.settled(done);
    expect(error.code).toBe('TIMEOUT');
    expect(error.message).toContain('the store is out of reach of this node');
    h1.store.comeBack();
    await isGone(world, present);
  });

  test('a node for which the store is away answers when it is back', async () => {
    await using world = new World();
    const [h1, h2] = await blueWith(world, 2);
    h2.store.goAway();
    await world.until('the loss to be noticed', () => h2.agent.view.state === 'stale');
    const { written } = waitKeys(world);
    const done = h1.attach('blue', 'c9', wait);
    await asked(world, written, 0);
    await world.clock.advance(2000);
    expect(written.size).toBe(1);
    h2.store.comeBack();
    expect((await world.settled(done)).waited?.nodes).toEqual(['h2']);
  });
});
