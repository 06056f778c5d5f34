import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readWish, wishHash } from '../../kvstore/records/wish.ts';
import { parsePools } from '../../model/address-pool.ts';
import type { Ip } from '../../model/ip.ts';
import type { Name } from '../../model/name.ts';
import { planNetwork } from '../../model/network-wish.ts';
import type { Network, NetworkId } from '../../model/network.ts';
import type { Node } from '../../model/node.ts';
import { overlaps } from '../../model/prefix.ts';
import type { Vni } from '../../model/vni.ts';
import { changeOf, newlyKept } from './change.ts';
import { judge } from './judge.ts';
import type { Surroundings } from './surroundings.ts';

const blue = 'blue' as Name;
const wishOf = (declaration: object) => readWish(blue, declaration);

function accepted(declaration: object, more: Partial<Network> = {}): Network {
  const wish = wishOf(declaration);
  const id = 'b10e000000000001' as NetworkId;
  const acceptance = { id, name: blue, vni: 5 as Vni, wishHash: wishHash(wish), acceptance: 1 };
  return { ...planNetwork(wish, { ...acceptance, creator: 'h1', createdAt: '' }), ...more };
}

const green = accepted(
  { subnets: ['10.8.0.0/16'] },
  { name: 'green' as Name, id: '94ee000000000001' as NetworkId },
);
const h3 = {
  name: 'h3',
  routes: ['0.0.0.0/0', '172.16.0.0/12'],
  addresses: ['198.51.100.7'],
  vteps: ['192.0.2.3'],
  nameServers: ['203.0.113.53', 'fd00:53::53'],
} as unknown as Node;
const around: Surroundings = {
  networks: [green],
  nodes: [h3],
  pools: parsePools('base=10.64.0.0/11,size=24 base=fd00:7::/48,size=64'),
  holders: new Map(),
};

const outcome = (before: object, after: object, more: Partial<Surroundings> = {}) =>
  changeOf(accepted(before), wishOf(after), { ...around, ...more });

const sub = (cidr: string, more: object = {}): object => ({ cidr, ...more });
const one = { subnets: ['10.7.0.0/24'] };

describe('a network that exists takes on', () => {
  test.each<[string, object, object, readonly string[]]>([
    ['a subnet', one, { subnets: ['10.7.0.0/24', '10.9.0.0/24'] }, ['10.7.0.0/24', '10.9.0.0/24']],
    [
      'a subnet of the other family',
      one,
      { subnets: ['10.7.0.0/24', 'fd00::/64'] },
      ['10.7.0.0/24', 'fd00::/64'],
    ],
    [
      'another order',
      { subnets: ['10.7.0.0/24', '10.9.0.0/24'] },
      { subnets: ['10.9.0.0/24', '10.7.0.0/24'] },
      ['10.9.0.0/24', '10.7.0.0/24'],
    ],
    ['a subnet of the pools', one, { ...one, ipv6: true }, ['10.7.0.0/24', 'fd00:7::/64']],
    ['its subnet as one of the pools', one, {}, ['10.7.0.0/24']],
    [
      'a subnet over others if that is allowed',
      one,
      { subnets: ['10.7.0.0/24', '10.8.1.0/24'], allowOverlap: true },
      ['10.7.0.0/24', '10.8.1.0/24'],
    ],
  ])('%s', (_, before, after, prefixes) => {
    const change = outcome(before, after);
    expect(change).toMatchObject({ kind: 'possible' });
    expect(change.kind === 'possible' && change.network.subnets.map((s) => s.prefix)).toEqual(prefixes);
  });

  test('auxiliary addresses and a range, and gives them up', () => {
    const more = { subnets: [sub('10.7.0.0/24', { range: '10.7.0.128/25', auxiliary: { r: '10.7.0.3' } })] };
    const [is] = accepted(one).subnets;
    const wished = { ...is, range: '10.7.0.128/25', auxiliary: new Map([['r', '10.7.0.3']]) };
    expect(outcome(one, more)).toMatchObject({ network: { subnets: [wished] } });
    expect(outcome(more, one)).toMatchObject({ network: { subnets: [is] } });
  });

  test('that its subnets may overlap, and that they may not', () => {
    expect(outcome(one, { ...one, allowOverlap: true })).toMatchObject({ network: { allowOverlap: true } });
    expect(outcome({ ...one, allowOverlap: true }, one)).toMatchObject({ network: { allowOverlap: false } });
    const over = { subnets: ['10.8.1.0/24'] };
    expect(outcome({ ...over, allowOverlap: true }, over)).toMatchObject({
      why: 'subnet 10.8.1.0/24 overlaps 10.8.0.0/16 of network green',
    });
  });
});

describe('a network that exists does not take on', () => {
  test.each<[string, object, object, string]>([
    ['fewer subnets', { subnets: ['10.7.0.0/24', '10.9.0.0/24'] }, one, '10.9.0.0/24 cannot be taken away'],
    [
      'a subnet of the pools for another one',
      one,
      { subnets: ['fd00::/64'], ipv4: true, labels: { a: 'b' } },
      '',
    ],
    [
      'another gateway',
      one,
      { subnets: [sub('10.7.0.0/24', { gateway: '10.7.0.9' })] },
      'has gateway 10.7.0.1, wished: gateway 10.7.0.9; endpoints that live send to it',
    ],
    [
      'its gateway as an auxiliary address',
      one,
      { subnets: [sub('10.7.0.0/24', { auxiliary: { r: '10.7.0.1' } })] },
      'subnets[0].auxiliary.r: 10.7.0.1 is the gateway already',
    ],
    [
      'a subnet over another network',
      one,
      { subnets: ['10.7.0.0/24', '10.8.1.0/24'] },
      'overlaps 10.8.0.0/16 of network green',
    ],
    [
      'a subnet over a route',
      one,
      { subnets: ['10.7.0.0/24', '172.17.0.0/24'] },
      'overlaps route 172.16.0.0/12 of node h3',
    ],
    [
      'a subnet over an address',
      one,
      { subnets: ['10.7.0.0/24', '198.51.100.0/24'] },
      'overlaps address 198.51.100.7 of node h3',
    ],
    [
      'a subnet over a tunnel',
      one,
      { subnets: ['10.7.0.0/24', '192.0.2.0/24'] },
      'overlaps address 192.0.2.3 of node h3',
    ],
    [
      'a subnet over a name server',
      one,
      { subnets: ['10.7.0.0/24', 'fd00:53::/64'] },
      'overlaps name server fd00:53::53 of node h3',
    ],
  ])('%s', (_, before, after, why) => {
    if (why === '') expect(outcome(before, after)).toMatchObject({ kind: 'possible' });
    else
      expect(outcome(before, after)).toMatchObject({ kind: 'impossible', why: expect.stringContaining(why) });
  });

  test('an auxiliary address that somebody has, who is named', () => {
    const holders = new Map([['10.7.0.3' as Ip, 'endpoint web on node h2']]);
    const after = { subnets: [sub('10.7.0.0/24', { auxiliary: { r: '10.7.0.3' } })] };
    expect(outcome(one, after, { holders })).toMatchObject({
      why: 'auxiliary address r (10.7.0.3) of network blue cannot be kept: endpoint web on node h2 has it; detach or release it first',
    });
    expect(outcome(after, { ...after, mtu: 1300 }, { holders })).toMatchObject({ kind: 'possible' });
  });
});

/** Declarations of up to four subnets, with and without what they leave open. */
const declarations = fc
  .record(
    {
      subnets: fc.uniqueArray(
        fc.record(
          {
            cidr: fc.constantFrom('10.7.0.0/24', '10.9.0.0/28', 'fd00:1::/64', 'fd00:2::/120'),
            aux: fc.nat(9),
          },
          { requiredKeys: ['cidr'] },
        ),
        { maxLength: 4, selector: ({ cidr }) => cidr },
      ),
      ipv6: fc.constant(true),
      mtu: fc.integer({ min: 1280, max: 1400 }),
    },
    { requiredKeys: [] },
  )
  .map(({ subnets, ...rest }) => ({
    ...rest,
    ...(subnets === undefined
      ? {}
      : {
          subnets: subnets.map(({ cidr, aux }) => {
            const base = cidr.slice(0, cidr.indexOf('/'));
            const ip = base.includes(':') ? `${base}${aux ?? 0}` : base.replace(/0$/, String(aux ?? 0));
            return { cidr, ...(aux === undefined || aux < 2 ? {} : { auxiliary: { a: ip } }) };
          }),
        }),
  }));

test('whatever is wished one after the other: subnets and gateways that were accepted stay, and the same wish is settled', () => {
  fc.assert(
    fc.property(fc.array(declarations, { minLength: 2, maxLength: 6 }), (wishes) => {
      let network: Network | undefined;
      for (const declaration of wishes) {
        const wish = wishOf(declaration);
        const hash = wishHash(wish);
        const judgement = judge(blue, wish, hash, network, around);
        expect(judge(blue, wish, hash, network, around)).toEqual(judgement);
        if (judgement.kind === 'create')
          network = accepted(
            {},
            { ...planNetwork({ ...wish, subnets: judgement.subnets }, accepted({})), wishHash: hash },
          );
        if (judgement.kind !== 'change' || network === undefined) continue;
        const { subnets } = judgement.network;
        for (const { prefix, gateway } of network.subnets)
          expect(subnets).toContainEqual(expect.objectContaining({ prefix, gateway }));
        for (const [i, { prefix, gateway, auxiliary }] of subnets.entries()) {
          expect([...auxiliary.values()]).not.toContain(gateway);
          expect(subnets.findIndex((other) => overlaps(other.prefix, prefix))).toBe(i);
        }
        const kept = newlyKept(network, judgement.network);
        expect(new Set(kept).size).toBe(kept.length);
        network = judgement.network;
        expect(judge(blue, wish, hash, network, around)).toEqual({ kind: 'settled' });
      }
    }),
  );
});
