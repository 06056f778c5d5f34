import { describe, expect, test } from '@jest/globals';
import { readWish, wishHash } from '../../kvstore/records/wish.ts';
import { parsePools } from '../../model/address-pool.ts';
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
const node = {
  name: 'h3',
  routes: ['0.0.0.0/0', '172.16.0.0/12', '10.64.0.0/24'],
  addresses: ['198.51.100.7'],
  vteps: ['192.0.2.3'],
  nameServers: ['198.18.0.53'],
} as unknown as Node;
const pools = parsePools('base=10.64.0.0/11,size=24 base=fd00:7::/48,size=64');
const around = { networks: [other], nodes: [node], pools, holders: new Map() };

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
    expect(judged(declaration)).toEqual({ kind: 'create', subnets: wishOf(declaration).subnets });
  });

  test.each<[object, readonly string[]]>([
    [{ subnets: [] }, ['10.64.1.0/24']],
    [{ subnets: [], ipv6: true }, ['10.64.1.0/24', 'fd00:7::/64']],
    [{ subnets: [], ipv4: false, ipv6: true }, ['fd00:7::/64']],
    [{ subnets: ['10.7.0.0/24'], ipv6: true }, ['10.7.0.0/24', 'fd00:7::/64']],
    [{ subnets: ['fd00::/64'], ipv4: true }, ['fd00::/64', '10.64.1.0/24']],
    [{ subnets: ['10.64.1.0/24', 'fd00:7::/49'], ipv6: true, ipv4: true }, ['10.64.1.0/24', 'fd00:7::/49']],
  ])('%j has %j', (declaration, expected) => {
    const judgement = judged(declaration);
    expect(judgement).toMatchObject({ kind: 'create' });
    expect(judgement.kind === 'create' && judgement.subnets.map((s) => s.prefix)).toEqual(expected);
  });

  test('that wants a subnet of full pools is told which ones', () => {
    const full = { ...around, pools: parsePools('base=10.64.0.0/24,size=24 base=10.8.0.0/20,size=24') };
    const wish = wishOf({ subnets: [] });
    expect(judge(blue, wish, wishHash(wish), undefined, full)).toMatchObject({
      why:
        'no IPv4 subnet is free in the address pools of the cluster, base=10.64.0.0/24,size=24 (covered by route ' +
        '10.64.0.0/24 of node h3) and base=10.8.0.0/20,size=24 (covered by 10.8.0.0/16 of network green): ' +
        'declare a subnet, or give the cluster another address pool',
      code: 'NETWORK_REFUSED',
    });
    const six = wishOf({ subnets: [], ipv4: false, ipv6: true });
    expect(judge(blue, six, wishHash(six), undefined, full)).toMatchObject({
      why: expect.stringContaining('has no address pool of IPv6'),
    });
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
    [
      'over an address',
      { subnets: ['198.51.100.0/24'] },
      'address 198.51.100.7 of node h3',
      'NETWORK_REFUSED',
    ],
    ['over a tunnel', { subnets: ['192.0.2.0/24'] }, 'address 192.0.2.3 of node h3', 'NETWORK_REFUSED'],
    [
      'over a name server',
      { subnets: ['198.18.0.0/24'] },
      'name server 198.18.0.53 of node h3',
      'NETWORK_REFUSED',
    ],
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
    const empty = { ...around, networks: [], nodes: [] };
    expect(judge(blue, wish, wishHash(wish), refused, empty)).toMatchObject({ kind: 'create' });
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
    ['vni', { vni: 77 }, '77'],
    ['internal', { internal: true }, 'true'],
  ])('keeps its %s', (field, declaration, wished) => {
    const why = expect.stringMatching(
      new RegExp(`^network blue has ${field} .*, wished: ${field} .*${wished}.*; .*create it again$`),
    );
    expect(judged(declaration, before)).toEqual({ kind: 'refuse', why, code: 'NETWORK_REFUSED' });
  });

  test('says which subnets it has and which are wished', () => {
    expect(judged({ subnets: ['10.9.0.0/24', 'fd00::/64'] }, before)).toMatchObject({
      why:
        'network blue has subnets 10.7.0.0/24, wished: subnets 10.9.0.0/24, fd00::/64; 10.7.0.0/24 cannot be taken away ' +
        'while the network exists, since an endpoint may be given an address of it at that moment: remove it and create it again',
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
