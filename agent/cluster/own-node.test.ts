import { expect, test } from '@jest/globals';
import { FakeKernel } from '../../linux/fake-kernel.ts';
import type { Underlay } from '../../linux/kernel.ts';
import { WeftError } from '../../model/errors.ts';
import { silentLogger } from '../../model/logger.ts';
import type { Ip } from '../../model/ip.ts';
import type { Name } from '../../model/name.ts';
import type { NodeId } from '../../model/node.ts';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import type { NodeContent } from './join.ts';
import { OwnNode } from './own-node.ts';

const eth1 = (mtu: number): Underlay => ({ interfaceName: 'eth1', addresses: ['192.0.2.1'] as never, mtu });

/** Looks as often as it is asked to, and counts. */
class CountingKernel extends FakeKernel {
  looks = 0;
  answers = true;

  override underlay(advertise: string): Promise<Underlay> {
    this.looks += 1;
    if (!this.answers) throw new WeftError('KERNEL_REFUSED', 'cannot read the links: EBUSY');
    return super.underlay(advertise);
  }
}

async function followed() {
  const kernel = new CountingKernel({ underlays: [eth1(1500)] });
  const clock = new FakeClock();
  const id = 'aaaa000000000001' as NodeId;
  const name = 'n1' as Name;
  const node = new OwnNode({
    kernel,
    clock,
    logger: silentLogger,
    id,
    name,
    advertise: 'eth1',
    version: '1',
  });
  await node.content();
  const told: NodeContent[] = [];
  node.follow((content) => told.push(content));
  return { kernel, clock, node, told };
}

test('a notice of the kernel leads to one look, however many come with it', async () => {
  const { kernel, clock, node, told } = await followed();
  for (const mtu of [1400, 1401, 1402, 1403]) kernel.changeUnderlay([eth1(mtu)]);
  await clock.advance(100);
  expect(told.map((content) => content.mtu)).toEqual([1403]);
  expect(kernel.looks).toBe(2);
  node.close();
});

test('a notice that changes nothing is not told', async () => {
  const { kernel, clock, node, told } = await followed();
  kernel.changeUnderlay([eth1(1500)]);
  await clock.advance(100);
  expect([kernel.looks, told]).toEqual([2, []]);
  node.close();
});

test('without a notice it looks now and then, and after the end not at all', async () => {
  const { kernel, clock, node } = await followed();
  await clock.advance(65_000);
  expect(kernel.looks).toBe(3);
  node.close();
  kernel.changeUnderlay([eth1(1400)]);
  await clock.advance(65_000);
  expect(kernel.looks).toBe(3);
});

test('what the kernel refuses to say is asked again soon', async () => {
  const { kernel, clock, node } = await followed();
  kernel.answers = false;
  kernel.changeUnderlay([eth1(1500)]);
  await clock.advance(100);
  expect([kernel.looks, node.trouble]).toEqual([2, expect.stringContaining('EBUSY')]);
  await clock.advance(10_000);
  expect(kernel.looks).toBe(7);
  // Nobody tells that it would answer now.
  kernel.answers = true;
  await clock.advance(2000);
  expect([kernel.looks, node.trouble]).toEqual([8, undefined]);
  await clock.advance(29_000);
  expect(kernel.looks).toBe(8);
  node.close();
});

test('of very many routes those that cover most are told, and of addresses those that lie in none of them', async () => {
  const kernel = new FakeKernel({ underlays: [eth1(1500)] });
  const narrow = Array.from({ length: 300 }, (_, n) => `10.1.${n >> 8}.${n & 255}/32`);
  kernel.routes = async () => [...narrow, '10.2.0.0/16', '10.3.0.0/24'] as never;
  kernel.addresses = async () => ['10.2.0.7', '10.4.0.7', '10.1.1.43'] as never;
  const clock = new FakeClock();
  const names = { id: 'aaaa000000000001' as NodeId, name: 'n1' as Name, advertise: 'eth1', version: '1' };
  const nameServers = (): readonly Ip[] => ['192.0.2.53' as Ip];
  const node = new OwnNode({ kernel, clock, logger: silentLogger, nameServers, ...names });
  const { routes, ...rest } = await node.content();
  expect(routes).toHaveLength(256);
  expect(routes.slice(0, 3)).toEqual(['10.2.0.0/16', '10.3.0.0/24', '10.1.0.0/32']);
  // The route to itself was one too many.
  expect(rest).toMatchObject({ addresses: ['10.1.1.43', '10.4.0.7'], nameServers: ['192.0.2.53'] });
  node.close();
});
