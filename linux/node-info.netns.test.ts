import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Underlay } from './kernel.ts';
import { ensureThreadPool, inNamespace, visitRtnetlink } from './netns/netns.ts';
import { addressesOf, routesOf, underlayOf } from './node-info.ts';
import { watchUnderlay } from './node-info-watch.ts';
import { freshNamespace, until, type FreshNamespace } from './testing/fresh-namespace.ts';

beforeAll(ensureThreadPool);

/** A node with `eth0`, which is up and has addresses of both families. */
function freshNode(): FreshNamespace {
  const node = freshNamespace();
  node.run('ip', 'link', 'set', 'lo', 'up');
  node.run('ip', 'link', 'add', 'eth0', 'mtu', '1400', 'type', 'veth', 'peer', 'name', 'far0');
  for (const name of ['eth0', 'far0']) node.run('ip', 'link', 'set', name, 'up');
  node.run('ip', 'addr', 'add', '192.0.2.2/24', 'dev', 'eth0');
  node.run('ip', 'addr', 'add', '192.0.2.3/24', 'dev', 'eth0');
  node.run('ip', 'addr', 'add', '2001:db8::2/64', 'dev', 'eth0', 'nodad');
  return node;
}
const underlay = (node: FreshNamespace, advertise: string): Promise<Underlay> =>
  visitRtnetlink(node.path, (rtnetlink) => underlayOf(rtnetlink, advertise));

describe('the underlay of a real node', () => {
  test.each(['', 'eth0', '192.0.2.2', '2001:db8::2'])('is found for %p', async (advertise) => {
    using node = freshNode();
    expect(await underlay(node, advertise)).toEqual({
      interfaceName: 'eth0',
      addresses: ['192.0.2.2', '192.0.2.3', '2001:db8::2'],
      mtu: 1400,
    });
  });

  test('has no addresses that pass: temporary, deprecated, of one link', async () => {
    using node = freshNode();
    node.run('ip', 'addr', 'add', '2001:db8::3/64', 'dev', 'eth0', 'nodad', 'preferred_lft', '0');
    node.run('ip', 'addr', 'add', '169.254.1.1/16', 'dev', 'eth0', 'scope', 'link');
    expect((await underlay(node, 'eth0')).addresses).toEqual(['192.0.2.2', '192.0.2.3', '2001:db8::2']);
    expect(node.run('ip', 'addr')).toContain('2001:db8::3/64');
  });

  test('on a link with two ends has our own address', async () => {
    using node = freshNode();
    node.run('ip', 'addr', 'add', '198.51.100.1', 'peer', '198.51.100.2', 'dev', 'far0');
    expect((await underlay(node, 'far0')).addresses).toEqual(['198.51.100.1']);
  });

  test('that is not there is refused with what is', async () => {
    using node = freshNode();
    await expect(underlay(node, 'eth9')).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('eth0 (192.0.2.2, 192.0.2.3, 2001:db8::2)'),
    });
  });
});

test('the routes of a node are its connected and static prefixes and nothing else', async () => {
  using node = freshNode();
  const routes = [
    ['10.1.0.0/16', 'via', '192.0.2.1'],
    ['10.2.0.0/16', 'via', '192.0.2.1', 'proto', '0x57'],
    ['10.3.0.0/16', 'via', '192.0.2.1', 'table', '77'],
    ['blackhole', '10.4.0.0/16'],
    ['default', 'via', '192.0.2.1'],
    ['2001:db8:1::/48', 'via', '2001:db8::1'],
    ['default', 'via', '2001:db8::1'],
    ['10.1.0.0/16', 'via', '192.0.2.1', 'metric', '9'],
  ];
  for (const route of routes) node.run('ip', 'route', 'add', ...route);
  const found = await visitRtnetlink(node.path, routesOf);
  expect([...found].sort()).toEqual(['10.1.0.0/16', '192.0.2.0/24', '2001:db8:1::/48', '2001:db8::/64']);
});

test('the addresses of a node are all of it but those that every host has', async () => {
  using node = freshNode();
  node.run('ip', 'addr', 'add', '203.0.113.7/32', 'dev', 'lo');
  node.run('ip', 'addr', 'add', '203.0.113.8/32', 'dev', 'lo', 'scope', 'host');
  node.run('ip', 'addr', 'add', '2001:db8:7::7/128', 'dev', 'lo', 'nodad');
  node.run('ip', 'addr', 'add', '169.254.1.1/16', 'dev', 'eth0', 'scope', 'link');
  node.run('ip', 'addr', 'add', '198.51.100.1', 'peer', '198.51.100.2', 'dev', 'far0');
  const found = await visitRtnetlink(node.path, addressesOf);
  expect([...found].sort()).toEqual([
    '192.0.2.2',
    '192.0.2.3',
    '198.51.100.1',
    '2001:db8:7::7',
    '2001:db8::2',
    '203.0.113.7',
    '203.0.113.8',
  ]);
  // The other end has a route, and lies in it.
  expect(await visitRtnetlink(node.path, routesOf)).toContain('198.51.100.2/32');
});

describe('the watch of the underlay', () => {
  test.each([
    ['MTU', ['link', 'set', 'eth0', 'mtu', '1300']],
    ['IPv4 address', ['addr', 'add', '192.0.2.9/24', 'dev', 'eth0']],
    ['IPv6 address', ['addr', 'del', '2001:db8::2/64', 'dev', 'eth0']],
  ])('tells of a change of the %s, and nothing after its end', async (_what, change) => {
    using node = freshNode();
    let [told, toldLater] = [0, 0];
    const watch = inNamespace(node.path, () => watchUnderlay(() => (told += 1)));
    try {
      expect(told).toBe(0);
      node.run('ip', ...change);
      await until('the change', () => told > 0);
      watch.close();
      const atEnd = told;
      const other = inNamespace(node.path, () => watchUnderlay(() => (toldLater += 1)));
      node.run('ip', 'link', 'set', 'eth0', 'mtu', '1280');
      await until('the change that another hears', () => toldLater > 0);
      other.close();
      expect(told).toBe(atEnd);
    } finally {
      watch.close();
    }
  });

  test('tells of many changes at once only once', async () => {
    using node = freshNode();
    let told = 0;
    const watch = inNamespace(node.path, () => watchUnderlay(() => (told += 1)));
    try {
      // One process, one turn of our event loop: nothing is heard before it has ended.
      node.run('sh', '-c', 'for i in 1 2 3 4 5 6 7 8 9; do ip link set eth0 mtu 130$i; done');
      await until('the change', () => told > 0);
      expect(told).toBeLessThan(9);
    } finally {
      watch.close();
    }
  });
});
