import { describe, expect, test } from '@jest/globals';
import { readWish, wishHash } from '../../kvstore/records/wish.ts';
import type { Name } from '../../model/name.ts';
import type { NetworkId, RefusedNetwork, Network } from '../../model/network.ts';
import { planNetwork, type Wish } from '../../model/network-wish.ts';
import type { Node } from '../../model/node.ts';
import type { Vni } from '../../model/vni.ts';
import { judge, type Judgement } from './judge.ts';

const blue = 'blue' as Name;
const wishOf = (declaration: object): Wish => readWish(blue, { subnets: ['10.7.0.0/24'], ...declaration });

function accepted(declaration: object, part: Partial<Network> = {}): Network {
  const wish = wishOf(declaration);
  const id = 'b10e000000000001' as NetworkId;
  const more = {
    id,
    name: blue,
    vni: wish.vni ?? (5 as Vni),
    wishHash: wishHash(wish),
    acceptance: 1,
    creator: 'h1',
  };
  return { ...planNetwork(wish, { ...more, createdAt: '' }), ...part };
}

const other = accepted(
  { subnets: ['10.8.0.0/16', 'fd00:8::/64'] },
  { name: 'green' as Name, id: '94ee000000000001' as NetworkId, vni: 9 as Vni },
);
const node = { name: 'h3', routes: ['0.0.0.0/0', '172.16.0.0/12'] } as unknown as Node;
const around = { networks: [other], nodes: [node] };

function judged(declaration: object, before?: Network | RefusedNetwork): Judgement {
  const wish = wishOf(declaration);
  return judge(blue, wish, wishHash(wish), before, around);
}

describe('a network that is new', () => {
  test.each([
    ['is made', {}],
    ['is made where it only touches another one', { subnets: ['10.9.0.0/16'] }],
    ['is made over another one when it says so', { subnets: ['10.8.3.0/24'], allowOverlap: true }],
    ['is made in a default route', { subnets: ['203.0.113.0/24'] }],
  ])('%s', (_, declaration) => {
    expect(judged(declaration)).toEqual({ kind: 'create' });
  });

  test.each([
    [
      'over another network',
      { subnets: ['10.8.3.0/24'] },
      'overlaps 10.8.0.0/16 of network green',
      'NETWORK_REFUSED',
    ],
    ['over another in IPv6', { subnets: ['fd00:8::/32'] }, 'overlaps fd00:8::/64', 'NETWORK_REFUSED'],
    ['over a route', { subnets: ['172.20.0.0/24'] }, 'route 172.16.0.0/12 of node h3', 'NETWORK_REFUSED'],
    ['with a VNI in use', { vni: 9 }, 'VNI 9 belongs to network green', 'VNI_TAKEN'],
  ])('is refused %s', (_, declaration, why, code) => {
    expect(judged(declaration)).toEqual({ kind: 'refuse', why: expect.stringContaining(why), code });
  });

  test('that was refused for the same reason is settled, and made when the reason is gone', () => {
    const declaration = { subnets: ['10.8.3.0/24'] };
    const first = judged(declaration);
    const why = first.kind === 'refuse' ? first.why : '';
    const refused: RefusedNetwork = { name: blue, wishHash: wishHash(wishOf(declaration)), why };
    expect(judged(declaration, refused)).toEqual({ kind: 'settled' });
    expect(judged(declaration, { ...refused, why: 'another' })).toMatchObject({ kind: 'refuse' });
    const wish = wishOf(declaration);
    expect(judge(blue, wish, wishHash(wish), refused, { networks: [], nodes: [] })).toEqual({
      kind: 'create',
    });
  });
});

describe('a network that is accepted', () => {
  const before = accepted({});

  test.each([
    ['the same', {}],
    ['the same in other words', { driver: 'overlay', internal: false, labels: {} }],
  ])('is settled by %s', (_, declaration) => {
    expect(judged(declaration, before)).toEqual({ kind: 'settled' });
  });

  test('takes another MTU and other labels, and loses an MTU that is not declared any more', () => {
    const declaration = { mtu: 1300, labels: { team: 'a' } };
    const change = judged(declaration, before);
    expect(change).toEqual({
      kind: 'change',
      network: {
        ...before,
        mtu: 1300,
        labels: new Map([['team', 'a']]),
        wishHash: wishHash(wishOf(declaration)),
      },
    });
    const back = judged({}, accepted(declaration));
    expect(back.kind === 'change' && 'mtu' in back.network).toBe(false);
  });

  test('takes its gateway when the declaration names it', () => {
    const named = { subnets: [{ cidr: '10.7.0.0/24', gateway: '10.7.0.1' }] };
    expect(judged(named, before)).toMatchObject({ kind: 'change', network: { subnets: before.subnets } });
  });

  test.each([
    ['subnets', { subnets: ['10.9.0.0/24'] }, '10.9.0.0/24'],
    ['subnets', { subnets: ['10.7.0.0/24', 'fd00:7::/64'] }, 'fd00:7::/64'],
    ['subnets', { subnets: [{ cidr: '10.7.0.0/24', gateway: '10.7.0.9' }] }, '10.7.0.9'],
    ['subnets', { subnets: [{ cidr: '10.7.0.0/24', range: '10.7.0.128/25' }] }, '10.7.0.128/25'],
    ['subnets', { subnets: [{ cidr: '10.7.0.0/24', auxiliary: { r: '10.7.0.3' } }] }, 'r 10.7.0.3'],
    ['vni', { vni: 77 }, '77'],
    ['internal', { internal: true }, 'true'],
    ['allowOverlap', { allowOverlap: true }, 'true'],
  ])('keeps its %s', (field, declaration, wished) => {
    const why = expect.stringMatching(
      new RegExp(`^network blue has ${field} .*, wished: ${field} .*${wished}.*; .*create it again$`),
    );
    expect(judged(declaration, before)).toEqual({ kind: 'refuse', why, code: 'NETWORK_REFUSED' });
  });

  test('says which subnets it has and which are wished', () => {
    const subnets = [
      '10.9.0.0/24',
      { cidr: '10.7.0.0/24', range: '10.7.0.128/25', auxiliary: { r: '10.7.0.3' } },
    ];
    expect(judged({ subnets }, before)).toMatchObject({
      why:
        'network blue has subnets 10.7.0.0/24 (gateway 10.7.0.1), wished: subnets 10.9.0.0/24, ' +
        '10.7.0.0/24 (gateway 10.7.0.1, range 10.7.0.128/25, r 10.7.0.3); ' +
        'this cannot change while the network exists: remove it and create it again',
    });
  });

  test('forgets a refused edit that was taken back', () => {
    const refused = { wishHash: 'f'.repeat(64), why: 'bad' };
    const edited = accepted({}, { phase: { kind: 'active', refused } });
    expect(judged({}, edited)).toEqual({ kind: 'change', network: { ...before, phase: { kind: 'active' } } });
  });

  test('that is being removed takes nothing', () => {
    const removing = accepted({}, { phase: { kind: 'removing', force: false, by: 'h1' } });
    expect(judged({}, removing)).toEqual({ kind: 'settled' });
    expect(judged({ mtu: 1300 }, removing)).toMatchObject({ kind: 'refuse' });
  });
});
