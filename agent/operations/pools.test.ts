import { expect, test } from '@jest/globals';
import type { Endpoint } from '../../model/endpoint.ts';
import type { Ip } from '../../model/ip.ts';
import type { Name } from '../../model/name.ts';
import type { NodeId } from '../../model/node.ts';
import type { Prefix } from '../../model/prefix.ts';
import { endpoint, network } from '../../vxlan/testing/builders.ts';
import type { View } from '../view/view.ts';
import { Pools } from './pools.ts';

const node = 'aaaa000000000001' as NodeId;
/** Five addresses for endpoints: .2 to .6. */
const subnet = { prefix: '10.7.0.0/29' as Prefix, gateway: '10.7.0.1' as Ip, auxiliary: new Map() };
const blue = network({ subnets: [subnet] });

function poolsWith(endpoints: readonly Endpoint[] = []): Pools {
  const records = new Map(endpoints.map((value, n) => [String(n), { value, revision: n + 1 }]));
  return new Pools({ endpoints: () => ({ records }) } as unknown as View);
}

const all = ['10.7.0.2', '10.7.0.3', '10.7.0.4', '10.7.0.5', '10.7.0.6'];
const choose = (choice: ReturnType<Pools['begin']>): string => choice.choose(blue, [{ subnet }], node)[0]!;

test('attaches under way never choose the same, and an ended one frees what it chose', () => {
  const pools = poolsWith();
  const choices = all.map(() => pools.begin(blue.id, '/c'));
  expect(choices.map(choose).toSorted()).toEqual(all);
  const late = pools.begin(blue.id, '/c');
  expect(() => choose(late)).toThrow(expect.objectContaining({ code: 'POOL_EXHAUSTED' }));
  const freed = choices[2]!.addresses[0];
  choices[2]![Symbol.dispose]();
  expect(choose(late)).toBe(freed);
});

test('what known endpoints hold is passed over', () => {
  const held = ['10.7.0.2', '10.7.0.4', '10.7.0.6'] as Ip[];
  const pools = poolsWith(held.map((ip, n) => endpoint(n + 1, { addresses: [ip] })));
  const chosen = [pools.begin(blue.id, '/a'), pools.begin(blue.id, '/b')].map(choose);
  expect(chosen.toSorted()).toEqual(['10.7.0.3', '10.7.0.5']);
});

test('an address that was given back is chosen after all others', () => {
  const pools = poolsWith();
  using first = pools.begin(blue.id, '/a');
  const released = choose(first) as Ip;
  first[Symbol.dispose]();
  pools.release(blue.id, released);
  const others = all.slice(1).map(() => choose(pools.begin(blue.id, '/b')));
  expect(others).not.toContain(released);
  expect(choose(pools.begin(blue.id, '/c'))).toBe(released);
});

test('an address that was refused is not chosen again by this attach, and by others only at the end', () => {
  const pools = poolsWith();
  const choice = pools.begin(blue.id, '/a');
  const refused = choose(choice) as Ip;
  choice.refuse(blue.id, refused);
  for (let n = 0; n < 4; n += 1) {
    const next = choose(choice) as Ip;
    expect(next).not.toBe(refused);
    if (n < 3) choice.refuse(blue.id, next);
  }
  choice.refuse(blue.id, choice.addresses[0]!);
  expect(() => choose(choice)).toThrow(/10\.7\.0\.0\/29 of network blue: 6 are held/);
  // Whoever held them may have left.
  expect(all).toContain(choose(pools.begin(blue.id, '/b')));
});

test('a wished address is kept from others while its attach is under way', () => {
  const pools = poolsWith();
  const fixed = '10.7.0.4' as Ip;
  pools.begin(blue.id, '/a').choose(blue, [{ subnet, fixed }], node);
  expect(all.slice(1).map(() => choose(pools.begin(blue.id, '/b')))).not.toContain(fixed);
});

test('interfaces that others will make in the same sandbox are known, in other sandboxes not', () => {
  const pools = poolsWith();
  using choice = pools.begin(blue.id, '/a');
  choice.interfaceName = 'eth0';
  expect(pools.interfaceNames('/a')).toEqual(['eth0']);
  expect(pools.interfaceNames('/b')).toEqual([]);
  choice[Symbol.dispose]();
  expect(pools.interfaceNames('/a')).toEqual([]);
});

test('the range is named when it is the range that is used up', () => {
  const range = '10.7.0.4/32' as Prefix;
  const ranged = { ...subnet, range };
  const pools = poolsWith([endpoint(1, { addresses: ['10.7.0.4' as Ip] })]);
  expect(() =>
    pools.begin(blue.id, '/a').choose({ ...blue, name: 'r' as Name }, [{ subnet: ranged }], node),
  ).toThrow(/range 10\.7\.0\.4\/32\) of network r: 1 are held/);
});
