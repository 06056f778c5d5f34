import { describe, expect, test } from '@jest/globals';
import { encodeClaim } from '../../kvstore/records/claim.ts';
import { keyOf } from '../../linux/objects/object.ts';
import { sandboxScope } from '../../linux/objects/scope.ts';
import type { EndpointId } from '../../model/endpoint.ts';
import { WeftError } from '../../model/errors.ts';
import { sleep } from '../../model/clock.ts';
import type { NetworkId } from '../../model/network.ts';
import { holdBack } from '../testing/waiting.ts';
import { World, type TestNode } from '../testing/world.ts';
import { blueOn, claims } from './testing/blue.ts';

/** Further paths that lead to a namespace. What is plumbed into it by them is kept apart here, which makes no difference. */
function oneNamespace({ kernel }: TestNode, path: string, others: readonly string[]): void {
  for (const other of others) kernel.addSandbox(sandboxScope(other));
  const identify = kernel.identify.bind(kernel);
  kernel.identify = (scope) => {
    const found = identify(scope);
    const isOther = others.some((other) => sandboxScope(other) === scope);
    return isOther ? { ...found, cookie: identify(sandboxScope(path)).cookie } : found;
  };
}

describe('attach', () => {
  test('gives one address of each family and programs here and on the peer', async () => {
    await using world = new World();
    const [h1, h2] = await blueOn(world, 1, 2);
    const a = await h1!.attach('blue', 'c1');
    const b = await h2!.attach('blue', 'c1');
    expect(a).toMatchObject({ local: true, programmed: true, node: 'h1', interfaceName: 'eth0' });
    expect(a.addresses.map((ip) => ip.replace(/.*\//, ''))).toEqual(['24', '64']);
    await world.until('h1 to hold the endpoint of h2', () =>
      h1!.kernel.written.some(
        (s) => s.object.kind === 'fdb' && s.object.mac === b.mac && s.object.dst === '192.0.2.2',
      ),
    );
    expect(new Set([...a.addresses, ...b.addresses]).size).toBe(4);
  });

  test('takes one transaction and no other call of the store', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    await h1!.attach('blue', 'c1');
    const calls: string[] = [];
    for (const name of ['get', 'list', 'txn'] as const) {
      const original = h1!.store[name].bind(h1!.store) as (...args: unknown[]) => unknown;
      Object.assign(h1!.store, { [name]: (...args: unknown[]) => (calls.push(name), original(...args)) });
    }
    await h1!.attach('blue', 'c2');
    expect(calls).toEqual(['txn']);
  });

  test('repeated, it is the same endpoint and writes nothing', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    const first = await h1!.attach('blue', 'c1');
    const before = [h1!.kernel.writes, (await world.store.list('')).revision];
    expect(await h1!.attachAgain('blue', '/run/netns/c1')).toEqual(first);
    expect([h1!.kernel.writes, (await world.store.list('')).revision]).toEqual(before);
  });

  test('of a namespace that is attached by another name is refused, and names it; by a key of its own it is not', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    const { kernel } = h1!;
    const others = ['/proc/4711/ns/net', '/run/netns/alias'];
    oneNamespace(h1!, '/run/netns/c1', others);
    const { addresses, id } = await h1!.attach('blue', 'c1');
    const bare = addresses.map((ip) => ip.replace(/\/.*/, '')).join(', ');
    const before = [kernel.writes, (await world.store.list('')).revision];
    for (const path of others)
      await expect(h1!.attachAgain('blue', path)).rejects.toMatchObject({
        code: 'ENDPOINT_CONFLICT',
        message:
          `sandbox ${path} is attached to network blue already, as /run/netns/c1 (key netns:c1) with ${bare}: ` +
          'call it by that name, or give it another endpoint by a key of its own (--key)',
        details: { endpoint: id, key: 'netns:c1' },
      });
    expect([kernel.writes, (await world.store.list('')).revision]).toEqual(before);
    expect((await h1!.attachAgain('blue', '/run/netns/c1')).id).toBe(id);
    // Another network is another matter, and so is what was attached by a key.
    await h1!.create('red', '10.8.0.0/24');
    await h1!.attachAgain('red', others[0]!);
    await h1!.attachAgain('blue', others[0]!, { key: 'second' });
    expect(await h1!.detach({ network: 'blue', sandbox: '/run/netns/c1' })).toBe(true);
    expect((await h1!.attachAgain('blue', others[0]!)).sandbox.key).toBe('pid:4711');
    expect((await h1!.service.checkAddresses({ fix: false })).findings).toEqual([]);
  });

  test('of a namespace whose other name leads nowhere any more is its own', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    h1!.sandbox('c1');
    oneNamespace(h1!, '/run/netns/c1', ['/proc/4711/ns/net']);
    await h1!.attachAgain('blue', '/proc/4711/ns/net');
    await expect(h1!.attachAgain('blue', '/run/netns/c1')).rejects.toMatchObject({
      code: 'ENDPOINT_CONFLICT',
    });
    h1!.kernel.killSandbox(sandboxScope('/proc/4711/ns/net'));
    expect((await h1!.attachAgain('blue', '/run/netns/c1')).sandbox.key).toBe('netns:c1');
  });

  test('repeated, says otherwise what may change, and keeps what it does not say', async () => {
    await using world = new World();
    const [h1, h2] = await blueOn(world, 1, 2);
    const path = h1!.sandbox('c1');
    const aliases = ['www', 'static'];
    const first = await h1!.attachAgain('blue', path, { name: 'web', aliases, labels: { team: 'a' } });
    expect(first).toMatchObject({ aliases, labels: { team: 'a' }, routePriority: 0 });
    const revision = async (): Promise<number> => (await world.store.list('')).revision;
    const before = await revision();
    expect(await h1!.attachAgain('blue', path)).toEqual(first);
    expect(await h1!.attachAgain('blue', path, { aliases, labels: { team: 'a' } })).toEqual(first);
    expect(await revision()).toBe(before);
    expect(await h1!.attachAgain('blue', path, { aliases: ['www'] })).toEqual({ ...first, aliases: ['www'] });
    const last = { ...first, aliases: [], labels: { team: 'b' }, routePriority: 0 };
    expect(await h1!.attachAgain('blue', path, { aliases: [], labels: { team: 'b' } })).toEqual(last);
    expect(await h1!.service.inspectEndpoint({ endpoint: 'web' })).toEqual(last);
    // Names are its own, aliases are not.
    const other = await h2!.attach('blue', 'c2', { aliases: ['www', 'web'] });
    expect(other.aliases).toEqual(['www', 'web']);
    await expect(h2!.attach('blue', 'c3', { name: 'web' })).rejects.toMatchObject({ code: 'NAME_TAKEN' });
  });

  test.each(['applied', 'not applied'] as const)(
    'whose reply was lost, %s, is one endpoint in the end',
    async (fate) => {
      await using world = new World();
      const [h1] = await blueOn(world, 1);
      h1!.store.loseNextReply(fate);
      const endpoint = await h1!.attach('blue', 'c1');
      expect(endpoint.programmed).toBe(true);
      expect(await claims(world)).toBe(2 + 3);
    },
  );

  test('whose reply was lost has the last address that is free, if it has got it', async () => {
    await using world = new World();
    const h1 = await world.ready(1);
    await h1.create('tiny', '10.7.0.0/30');
    h1.store.loseNextReply('applied');
    expect((await h1.attach('tiny', 'c1')).addresses).toEqual(['10.7.0.2/30']);
  });

  test('that was given up, and done all the same, is found by the next one, when no address is left either', async () => {
    await using world = new World();
    const h1 = world.node(1);
    const news = holdBack(h1, 'net/');
    await h1.start();
    await h1.create('tiny', '10.7.0.0/29');
    await h1.attach('tiny', 'c0');
    // It is applied, and neither the reply nor the news of it come in time.
    news.hold();
    const txn = h1.store.txn.bind(h1.store);
    h1.store.txn = async (...asked) => {
      h1.store.txn = txn;
      await txn(...asked);
      return sleep(world.clock, 60_000, asked[2]?.signal) as Promise<never>;
    };
    const timeout = 1000;
    await expect(world.settled(h1.attach('tiny', 'c1', { timeout }))).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    const { entries } = await world.store.list('net/');
    const held = new Set(entries.map(({ key }) => /claim\/address\/(.*)/.exec(key)?.[1]));
    const free = ['10.7.0.2', '10.7.0.3', '10.7.0.4', '10.7.0.5', '10.7.0.6'].filter((ip) => !held.has(ip));
    for (const [n, ip] of free.entries())
      await world.settled(h1.attach('tiny', `f${n}`, { addresses: [ip] }));
    const again = await world.settled(h1.attachAgain('tiny', '/run/netns/c1'));
    expect(held).toContain(again.addresses[0]?.replace('/29', ''));
    news.release();
    await world.clock.advance(20_000);
    expect(await world.keys('net/')).toContainEqual(expect.stringContaining(`/endpoint/${again.id}`));
  });

  test.each(['applied', 'not applied'] as const)(
    'of a sandbox made anew is the same endpoint when the reply was lost, %s',
    async (fate) => {
      await using world = new World();
      const [h1] = await blueOn(world, 1);
      const first = await h1!.attach('blue', 'c1');
      h1!.kernel.killSandbox(sandboxScope('/run/netns/c1'));
      h1!.store.loseNextReply(fate);
      expect(await h1!.attach('blue', 'c1')).toEqual(first);
    },
  );

  test('finds that its sandbox was made anew under the old name', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    const first = await h1!.attach('blue', 'c1');
    h1!.kernel.killSandbox(sandboxScope('/run/netns/c1'));
    const second = await h1!.attach('blue', 'c1');
    expect(second).toEqual(first);
    expect(h1!.kernel.identify(sandboxScope('/run/netns/c1')).interfaces).toContain('eth0');
  });

  test('of eight side by side for one address one has it, the others are told who', async () => {
    await using world = new World();
    const nodes = await blueOn(world, 1, 2);
    const wish = { addresses: ['10.7.0.77', 'fd00:7::77'] };
    const all = await Promise.allSettled(
      nodes.flatMap((node) => [1, 2, 3, 4].map((n) => node.attach('blue', `c${n}`, wish))),
    );
    const lost = all.flatMap((r) => (r.status === 'rejected' ? [r.reason as WeftError] : []));
    expect(lost.map((e) => e.code)).toEqual(Array.from({ length: 7 }, () => 'ADDRESS_TAKEN'));
    for (const { message } of lost) {
      expect(message).toContain('10.7.0.77');
      expect(message).toMatch(/fd00:7::77 is held by endpoint/);
    }
    expect(await claims(world)).toBe(2 + 3);
  });

  test('of many side by side gives each an address of its own', async () => {
    await using world = new World();
    const nodes = await blueOn(world, 1, 2, 3);
    const all = await Promise.all(
      nodes.flatMap((node) => Array.from({ length: 30 }, (_, n) => node.attach('blue', `c${n}`))),
    );
    expect(new Set(all.flatMap((e) => e.addresses)).size).toBe(180);
    expect(new Set(all.map((e) => e.mac)).size).toBe(90);
  });

  test('of one sandbox to two networks at once makes two interfaces', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    await h1!.create('green', '10.8.0.0/24');
    const path = h1!.sandbox('c1');
    const both = await Promise.all([h1!.attachAgain('blue', path), h1!.attachAgain('green', path)]);
    expect(both.map((e) => e.interfaceName).toSorted()).toEqual(['eth0', 'eth1']);
  });

  test('that the kernel refuses leaves nothing behind', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    await h1!.attach('blue', 'c0');
    const before = await world.keys('net/');
    h1!.kernel.refuseNext({ op: 'create', kind: 'veth' });
    await expect(h1!.attach('blue', 'c1')).rejects.toMatchObject({ code: 'KERNEL_REFUSED' });
    expect(await world.keys('net/')).toEqual(before);
    expect(h1!.agent.operations.intents.open()).toEqual([]);
  });

  test('repeated with a wish that the kernel refuses leaves the endpoint as it was', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    const path = h1!.sandbox('c1');
    const first = await h1!.attachAgain('blue', path, { name: 'web', labels: { team: 'a' } });
    const held = () => h1!.kernel.peek().toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const before = held();
    h1!.kernel.refuseNext({ op: 'create', kind: 'route' });
    const wish = { routePriority: 10, aliases: ['www'], labels: { team: 'b' } };
    await expect(world.settled(h1!.attachAgain('blue', path, wish))).rejects.toMatchObject({
      code: 'KERNEL_REFUSED',
    });
    expect(await h1!.service.inspectEndpoint({ endpoint: 'web' })).toEqual(first);
    expect(held()).toEqual(before);
    expect(await h1!.attachAgain('blue', path, wish)).toMatchObject({ ...wish, addresses: first.addresses });
  });

  test('repeated is not told what the kernel refused earlier, and takes now', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    const path = h1!.sandbox('c1');
    const first = await h1!.attachAgain('blue', path);
    const port = h1!.kernel.peek().find((o) => o.kind === 'port-fdb' && o.own !== true)!;
    h1!.kernel.remove(port);
    const denied = new WeftError('KERNEL_REFUSED', 'EINVAL', { details: { errno: 'EINVAL' } });
    h1!.kernel.refuseNext({ op: 'create', kind: 'port-fdb' }, denied);
    h1!.agent.reconciler.compare([first.networkId as NetworkId]);
    const standing = () =>
      h1!.agent.reconciler.standing(first.networkId as NetworkId, first.id as EndpointId);
    await world.until('it to be refused', () => standing().kind === 'refused');
    expect(await h1!.attachAgain('blue', path)).toEqual(first);
    expect(h1!.kernel.peek()).toContainEqual(port);
  });

  test('that the kernel refuses half-way leaves nothing in the sandbox either', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    const path = h1!.sandbox('c1');
    h1!.kernel.refuseNext({ op: 'create', kind: 'address' });
    await expect(world.settled(h1!.attachAgain('blue', path))).rejects.toMatchObject({
      code: 'KERNEL_REFUSED',
    });
    expect(h1!.kernel.peek()).toEqual([]);
    expect((await h1!.attachAgain('blue', path)).interfaceName).toBe('eth0');
  });

  test('waits for a tunnel that the kernel makes only at the second try', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    h1!.kernel.refuseNext({ op: 'create', kind: 'vxlan' });
    expect(await world.settled(h1!.attach('blue', 'c1'))).toMatchObject({ programmed: true });
    expect(await claims(world)).toBe(2 + 3);
  });

  test('is told of a tunnel that the kernel refuses for good, and leaves nothing behind', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    for (let n = 0; n < 3; n += 1) h1!.kernel.refuseNext({ op: 'create', kind: 'vxlan' });
    await expect(world.settled(h1!.attach('blue', 'c1'))).rejects.toMatchObject({ code: 'KERNEL_REFUSED' });
    expect(await claims(world)).toBe(2);
    await world.until('the namespace to go', () => h1!.agent.reconciler.networks().size === 0);
  });

  test.each([
    ['a network that nobody knows', 'red', {}, 'NETWORK_NOT_FOUND'],
    ['an address outside', 'blue', { addresses: ['10.9.0.9'] }, 'ADDRESS_OUTSIDE'],
    ['the network address', 'blue', { addresses: ['10.7.0.0'] }, 'ADDRESS_OUTSIDE'],
    ['the gateway', 'blue', { addresses: ['10.7.0.1'] }, 'ADDRESS_TAKEN'],
    ['two addresses of one subnet', 'blue', { addresses: ['10.7.0.8', '10.7.0.9'] }, 'INPUT_INVALID'],
    ['an interface that exists', 'blue', { interfaceName: 'lo' }, 'SANDBOX_BUSY'],
    ['an interface that cannot be', 'blue', { interfaceName: 'default' }, 'INPUT_INVALID'],
  ])('to %s is refused', async (_, network, wish, code) => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    await expect(h1!.attach(network, 'c1', wish)).rejects.toMatchObject({ code });
    expect(await claims(world)).toBe(2);
    expect(h1!.kernel.writes).toBe(0);
  });

  test('under a key that means another wish already is a conflict', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    await h1!.attach('blue', 'c1', { name: 'web' });
    const again = h1!.attachAgain('blue', '/run/netns/c1', { name: 'db' });
    await expect(again).rejects.toMatchObject({ code: 'ENDPOINT_CONFLICT' });
    await expect(h1!.attach('blue', 'c2', { name: 'web' })).rejects.toMatchObject({
      code: 'NAME_TAKEN',
      message: expect.stringContaining('endpoint web on node h1'),
    });
  });

  test('when no address is left says how many are used', async () => {
    await using world = new World();
    const h1 = await world.ready(1);
    await h1.create('tiny', '10.7.0.0/30');
    await h1.attach('tiny', 'c1');
    await expect(h1.attach('tiny', 'c2')).rejects.toMatchObject({
      code: 'POOL_EXHAUSTED',
      message: expect.stringContaining('1 of 1 are used'),
    });
    await h1.detach({ network: 'tiny', sandbox: '/run/netns/c1' });
    expect((await h1.attachAgain('tiny', '/run/netns/c2')).addresses).toEqual(['10.7.0.2/30']);
  });

  test('does not try the same address again and again when somebody unknown has it', async () => {
    await using world = new World();
    const h1 = await world.ready(1);
    await h1.create('tiny', '10.7.0.0/30');
    const { id } = h1.agent.view.networks()[0]!;
    const value = encodeClaim({ kind: 'reservation', holder: 'printer', owner: 'alice', expiresAt: 0 });
    await world.store.txn([], [{ kind: 'put', key: `net/${id}/claim/address/10.7.0.2`, value }]);
    await expect(h1.attach('tiny', 'c1')).rejects.toMatchObject({ code: 'POOL_EXHAUSTED' });
    await expect(h1.attach('tiny', 'c1', { addresses: ['10.7.0.2'] })).rejects.toMatchObject({
      code: 'ADDRESS_TAKEN',
      message: expect.stringContaining('reservation printer'),
    });
    await world.delete(`net/${id}/claim/address/10.7.0.2`);
    expect((await h1.attach('tiny', 'c1')).addresses).toEqual(['10.7.0.2/30']);
  });

  test('before the node is ready says so', async () => {
    await using world = new World();
    const node = world.node(1);
    node.store.goAway();
    void node.begin();
    await world.clock.advance(100);
    await expect(node.attach('blue', 'c1')).rejects.toMatchObject({
      code: 'NOT_READY',
      message: expect.stringContaining('not ready'),
    });
  });
});
