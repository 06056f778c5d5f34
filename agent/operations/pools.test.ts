import { describe, expect, test } from '@jest/globals';
import { keys } from '../../kvstore/keys.ts';
import type { Endpoint, EndpointId } from '../../model/endpoint.ts';
import { ipToBigint, type Ip } from '../../model/ip.ts';
import type { Name } from '../../model/name.ts';
import type { NodeId } from '../../model/node.ts';
import type { Prefix } from '../../model/prefix.ts';
import { endpoint, network } from '../../vxlan/testing/builders.ts';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import type { View, ViewListener } from '../view/view.ts';
import { Pools } from './pools.ts';

const node = 'aaaa000000000001' as NodeId;
/** Five addresses for endpoints: .2 to .6. */
const subnet = { prefix: '10.7.0.0/29' as Prefix, gateway: '10.7.0.1' as Ip, auxiliary: new Map() };
const blue = network({ subnets: [subnet] });

const clock = new FakeClock();

function poolsWith(endpoints: readonly Endpoint[] = []): Pools {
  return poolsOn(endpoints).pools;
}

/** Pools over a view that shows what is put into `held`. */
function poolsOn(endpoints: readonly Endpoint[], rest = 60_000) {
  const keyOf = ({ network, id }: Endpoint): string => keys.endpoint(network, id);
  const records = new Map(endpoints.map((value) => [keyOf(value), { value, revision: 1 }]));
  const held = { records, get: (key: string) => records.get(key) };
  const listeners: ViewListener[] = [];
  const view = { endpoints: () => held, listen: (l: ViewListener) => void listeners.push(l) };
  const pools = new Pools({ view: view as unknown as View, clock, rest });
  const tell = (id: EndpointId): void => {
    for (const listener of listeners) listener.endpoints?.(blue.id, new Set([id]));
  };
  const comes = (value: Endpoint): void => {
    records.set(keyOf(value), { value, revision: 2 });
    tell(value.id);
  };
  const goes = (value: Endpoint): void => {
    records.delete(keyOf(value));
    tell(value.id);
  };
  return { pools, comes, goes };
}

const all = ['10.7.0.2', '10.7.0.3', '10.7.0.4', '10.7.0.5', '10.7.0.6'];
const choose = (choice: ReturnType<Pools['begin']>): string =>
  choice.choose(blue, [{ anyOf: [subnet] }], node)[0]!;

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
  choice.refuse(refused);
  for (let n = 0; n < 4; n += 1) {
    const next = choose(choice) as Ip;
    expect(next).not.toBe(refused);
    if (n < 3) choice.refuse(next);
  }
  choice.refuse(choice.addresses[0]!);
  expect(() => choose(choice)).toThrow(
    /no address is free in pool 10\.7\.0\.0\/29 of network blue: 5 of 5 are used/,
  );
  // Whoever held them may have left.
  expect(all).toContain(choose(pools.begin(blue.id, '/b')));
});

test('nodes that have met at the first free address of a nearly full pool go on in different places', () => {
  const large = { ...subnet, prefix: '10.8.0.0/20' as Prefix, gateway: '10.8.0.1' as Ip };
  // All but the last tenth.
  const held = Array.from({ length: 3700 }, (_, i) => `10.8.${(i + 2) >> 8}.${(i + 2) & 255}` as Ip);
  const known = held.map((ip, n) => endpoint(n + 1, { addresses: [ip] }));
  const nodes = Array.from({ length: 16 }, (_, n) => `aaaa${String(n).padStart(12, '0')}` as NodeId);
  const agents = nodes.map((id) => ({ id, pools: poolsWith(known) }));
  const chosen = (pools: Pools, id: NodeId, refused?: Ip): Ip => {
    using choice = pools.begin(blue.id, '/c');
    if (refused !== undefined) choice.refuse(refused);
    return choice.choose(blue, [{ anyOf: [large] }], id)[0]!;
  };
  const first = agents.map(({ id, pools }) => chosen(pools, id));
  const [most] = first.toSorted(
    (a, b) => first.filter((ip) => ip === b).length - first.filter((ip) => ip === a).length,
  );
  expect(first.filter((ip) => ip === most).length).toBeGreaterThan(10);
  const second = agents.map(({ id, pools }, n) => chosen(pools, id, first[n]));
  expect(new Set(second).size).toBeGreaterThan(13);
  // Without a word against it each goes on from there.
  const third = agents.map(({ id, pools }) => chosen(pools, id));
  expect(third.map((ip) => ipToBigint(ip))).toEqual(second.map((ip) => ipToBigint(ip) + 1n));
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
    pools.begin(blue.id, '/a').choose({ ...blue, name: 'r' as Name }, [{ anyOf: [ranged] }], node),
  ).toThrow(/pool 10\.7\.0\.4\/32 of subnet 10\.7\.0\.0\/29 of network r: 1 of 1 are used/);
});

describe('several subnets of a family', () => {
  const second = { prefix: '10.8.0.0/30' as Prefix, gateway: '10.8.0.1' as Ip, auxiliary: new Map() };
  const chooseOf = (choice: ReturnType<Pools['begin']>): string =>
    choice.choose(blue, [{ anyOf: [subnet, second] }], node)[0]!;

  test('the next one is used when those before it are full, and when it is too, all are named', () => {
    const pools = poolsWith([endpoint(1, { addresses: ['10.7.0.4' as Ip] })]);
    const chosen = Array.from({ length: 5 }, () => chooseOf(pools.begin(blue.id, '/c')));
    expect(chosen.slice(0, 4).toSorted()).toEqual(['10.7.0.2', '10.7.0.3', '10.7.0.5', '10.7.0.6']);
    expect(chosen[4]).toBe('10.8.0.2');
    expect(() => chooseOf(pools.begin(blue.id, '/c'))).toThrow(
      /in pool 10\.7\.0\.0\/29 and 10\.8\.0\.0\/30 of network blue: 5 of 5 and 1 of 1 are used/,
    );
  });

  test('what rests in the first is left alone as long as the second has something, and the first is used again then', async () => {
    const { pools, goes } = poolsOn(all.map((ip, n) => endpoint(n + 1, { addresses: [ip as Ip] })));
    const held = pools.begin(blue.id, '/a');
    expect(chooseOf(held)).toBe('10.8.0.2');
    goes(endpoint(2, { addresses: ['10.7.0.3' as Ip] }));
    expect(chooseOf(held)).toBe('10.8.0.2');
    // Both are full now but for the one that rests.
    const other = pools.begin(blue.id, '/b');
    expect(chooseOf(other)).toBe('10.7.0.3');
    other[Symbol.dispose]();
    await clock.advance(60_000);
    expect(chooseOf(held)).toBe('10.7.0.3');
  });
});

describe('an address that was given back', () => {
  const firstOf = (pools: Pools): Ip => {
    using choice = pools.begin(blue.id, '/a');
    return choose(choice) as Ip;
  };

  test.each(['by this node', 'by another, as the view shows'])(
    '%s rests for the time that is set, and is then as any other',
    async (who) => {
      const held = ['10.7.0.2', '10.7.0.3', '10.7.0.4'].map((ip, n) =>
        endpoint(n + 1, { addresses: [ip as Ip] }),
      );
      const { pools, goes } = poolsOn(held);
      // What the view showed before anybody chose is not known yet.
      firstOf(pools);
      if (who === 'by this node') pools.release(blue.id, '10.7.0.3' as Ip);
      goes(held[1]!);
      // Two are free: each is chosen for as long as the other one rests.
      const early = new Set(Array.from({ length: 8 }, () => firstOf(pools)));
      expect([...early].toSorted()).toEqual(['10.7.0.5', '10.7.0.6']);
      await clock.advance(59_999);
      expect(Array.from({ length: 8 }, () => firstOf(pools))).not.toContain('10.7.0.3');
      await clock.advance(1);
      expect(Array.from({ length: 8 }, () => firstOf(pools))).toContain('10.7.0.3');
    },
  );

  test('is chosen when nothing else is free: whoever has rested longest first', async () => {
    const { pools } = poolsOn([endpoint(1, { addresses: ['10.7.0.2' as Ip] })]);
    for (const ip of ['10.7.0.6', '10.7.0.4', '10.7.0.3']) {
      pools.release(blue.id, ip as Ip);
      await clock.advance(10);
    }
    const chosen = Array.from({ length: 4 }, () => choose(pools.begin(blue.id, '/b')));
    expect(chosen).toEqual(['10.7.0.5', '10.7.0.6', '10.7.0.4', '10.7.0.3']);
    expect(() => choose(pools.begin(blue.id, '/c'))).toThrow(/5 of 5 are used/);
  });

  test('does not rest when no time is set', () => {
    const { pools } = poolsOn([], 0);
    const [ip] = [firstOf(pools)];
    pools.release(blue.id, ip);
    expect(Array.from({ length: 5 }, () => firstOf(pools))).toContain(ip);
  });

  test('and is held again is chosen by nobody', () => {
    const { pools, comes, goes } = poolsOn([]);
    firstOf(pools);
    const back = endpoint(7, { addresses: ['10.7.0.4' as Ip] });
    comes(back);
    goes(back);
    comes(back);
    const chosen = Array.from({ length: 4 }, () => choose(pools.begin(blue.id, '/b')));
    expect(chosen.toSorted()).toEqual(['10.7.0.2', '10.7.0.3', '10.7.0.5', '10.7.0.6']);
    expect(() => choose(pools.begin(blue.id, '/c'))).toThrow(/5 of 5/);
  });
});
