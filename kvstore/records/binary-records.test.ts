import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Claim, Endpoint } from '../../model/endpoint.ts';
import type { Ip } from '../../model/ip.ts';
import type { Name } from '../../model/name.ts';
import type { Alive, Fence, Node, NodeId } from '../../model/node.ts';
import type { Prefix } from '../../model/prefix.ts';
import { keys } from '../keys.ts';
import { decodeAlive, encodeAlive } from './alive.ts';
import { decodeClaim, encodeClaim } from './claim.ts';
import { decodeEndpoint, encodeEndpoint } from './endpoint.ts';
import { decodeFence, encodeFence } from './fence.ts';
import { weft } from './generated/weft.js';
import { decodeNode, encodeNode } from './node.ts';
import { endpoint, networkId, node, nodeId } from './testing/values.ts';

const nodeKey = keys.node(node.id);
const endpointKey = keys.endpoint(endpoint.network, endpoint.id);
const claimKey = keys.addressClaim(networkId, '10.7.0.2' as Ip);
const alive: Alive = { node: nodeId, generation: { counter: 4294967295, random: '00112233aabbccdd' } };
const claim: Claim = { kind: 'endpoint', holder: endpoint.id, owner: nodeId, expiresAt: 0 };
const { name: _name, ...nameless } = endpoint;

const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'RECORD_INVALID', message: expect.stringMatching(message) });
/** The raw message with some fields put wrong, as bytes. */
const nodeWith = (part: weft.v1.Node.$Properties): Uint8Array =>
  weft.v1.Node.encode(Object.assign(weft.v1.Node.decode(encodeNode(node)), part)).finish();
const endpointWith = (part: weft.v1.Endpoint.$Properties): Uint8Array =>
  weft.v1.Endpoint.encode(Object.assign(weft.v1.Endpoint.decode(encodeEndpoint(endpoint)), part)).finish();

test('a node reads back', () => {
  expect(decodeNode(nodeKey, encodeNode(node))).toEqual(node);
  const plain: Node = { ...node, vteps: ['2001:db8::1' as Ip], routes: [], addresses: [], nameServers: [] };
  expect(decodeNode(nodeKey, encodeNode(plain))).toEqual(plain);
});

test('endpoints share what most of them have', () => {
  const plain: Endpoint = { ...endpoint, aliases: [], labels: new Map(), state: { kind: 'active' } };
  const read = (): Endpoint => decodeEndpoint(endpointKey, encodeEndpoint(plain));
  const [one, another] = [read(), read()];
  expect(one).toEqual(plain);
  expect(one.labels).toBe(another.labels);
  expect(one.aliases).toBe(another.aliases);
  expect(one.state).toBe(another.state);
});

test('a generation reads back', () => {
  expect(decodeAlive(keys.alive(nodeId), encodeAlive(alive))).toEqual(alive);
});

const hexOf = (text: string): string => Buffer.from(text).toString('hex');

test.each(['collect', 'forget', 'drain'] as const)('a fence reads back: %s', (kind) => {
  const fence: Fence = { node: nodeId, name: 'n1' as Name, kind, by: 'aaaaaaaaaaaaaaaa' as NodeId };
  expect(decodeFence(keys.fence(nodeId), encodeFence(fence))).toEqual(fence);
});

test.each<[string, (bytes: string) => string, RegExp]>([
  ['of another node', (hex) => hex.replace(hexOf(nodeId), hexOf('a'.repeat(16))), /belongs to the key/],
  ['of a later kind', (hex) => hex.replace('1801', '1809'), /kind is 9/],
  ['of nobody', (hex) => hex.replace(`2210${hexOf('b'.repeat(16))}`, ''), /collector/],
  ['without a name', (hex) => hex.replace(`1202${hexOf('n1')}`, ''), /no name/],
])('a fence %s is refused with its key', (_, spoil, why) => {
  const fence: Fence = { node: nodeId, name: 'n1' as Name, kind: 'collect', by: 'b'.repeat(16) as NodeId };
  const hex = Buffer.from(encodeFence(fence)).toString('hex');
  expect(spoil(hex)).not.toBe(hex);
  const bytes = Buffer.from(spoil(hex), 'hex');
  expect(() => decodeFence(keys.fence(nodeId), bytes)).toThrow(invalid(why));
});

test.each<[string, Endpoint]>([
  ['with everything', endpoint],
  ['without a name', nameless],
  [
    'with the least',
    { ...nameless, aliases: [], labels: new Map(), routePriority: 0, creator: '', createdAt: 0 },
  ],
  ['in conflict', { ...endpoint, state: { kind: 'conflict', holder: 'endpoint x on n2' } }],
  [
    'on a long path',
    {
      ...endpoint,
      sandbox: { ...endpoint.sandbox, key: `path:/${'ü '.repeat(2000)}`, path: `/${'ü '.repeat(2000)}` },
    },
  ],
])('an endpoint %s reads back', (_, value) => {
  expect(decodeEndpoint(endpointKey, encodeEndpoint(value))).toEqual(value);
});

test.each<Claim>([
  claim,
  { kind: 'reservation', holder: 'r1', owner: 'ops', expiresAt: 1795622400123 },
  { kind: 'gateway', holder: 'gateway', owner: 'n1', expiresAt: 0 },
  { kind: 'auxiliary', holder: 'router', owner: '', expiresAt: 0 },
])('a claim reads back: $kind', (value) => {
  expect(decodeClaim(claimKey, encodeClaim(value))).toEqual(value);
});

test('the bytes of a generation are those of weft.proto', () => {
  const bytes = encodeAlive({ node: nodeId, generation: { counter: 5, random: '00112233aabbccdd' } });
  const text = (s: string): string => Buffer.from(s).toString('hex');
  // Field 1: 16 bytes of text; field 2: varint 5; field 3: 16 bytes of text.
  expect(Buffer.from(bytes).toString('hex')).toBe(`0a10${text(nodeId)}10051a10${text('00112233aabbccdd')}`);
});

test('equal endpoints give equal bytes, whatever the order of their labels', () => {
  const turned = { ...endpoint, labels: new Map([...endpoint.labels].toReversed()) };
  expect(encodeEndpoint(turned)).toEqual(encodeEndpoint(endpoint));
});

test('fields of a later version are passed over', () => {
  // Field 100, wire type 2, three bytes; field 101, varint.
  const later = Uint8Array.of(0xa2, 0x06, 3, 1, 2, 3, 0xa8, 0x06, 9);
  expect(decodeNode(nodeKey, Buffer.concat([encodeNode(node), later]))).toEqual(node);
  expect(decodeEndpoint(endpointKey, Buffer.concat([encodeEndpoint(endpoint), later]))).toEqual(endpoint);
});

test.each<[string, weft.v1.Node.$Properties, RegExp]>([
  ['the id of another', { id: 'aaaaaaaaaaaaaaaa' }, /belongs to the key nodes\/aaaaaaaaaaaaaaaa/],
  ['an id that is none', { id: '../../cluster' }, /node id/],
  ['a name that is none', { name: 'a/b' }, /no name/],
  ['no VTEP', { vteps: [] }, /no VTEP/],
  ['a VTEP of 5 bytes', { vteps: [new Uint8Array(5)] }, /5 bytes/],
  [
    'two VTEPs of one family',
    { vteps: [Uint8Array.of(192, 0, 2, 1), Uint8Array.of(192, 0, 2, 2)] },
    /one family/,
  ],
  ['three VTEPs', { vteps: Array<Uint8Array>(3).fill(Uint8Array.of(192, 0, 2, 1)) }, /at most 2/],
  ['no MTU', { mtu: 0 }, /MTU/],
  ['a route with host bits', { routes: [{ address: Uint8Array.of(10, 7, 0, 1), length: 24 }] }, /host bits/],
  ['a route without an address', { routes: [{ length: 24 }] }, /0 bytes/],
  [
    'too many routes',
    { routes: Array(1025).fill({ address: Uint8Array.of(10, 7, 0, 0), length: 24 }) },
    /1025 routes/,
  ],
  ['a version that draws', { version: '\u001b[2J' }, /control character/],
])('a node with %s is refused with its key', (_, part, why) => {
  expect(() => decodeNode(nodeKey, nodeWith(part))).toThrow(invalid(why));
  expect(() => decodeNode(nodeKey, nodeWith(part))).toThrow(
    invalid(/^record "nodes\/fedcba9876543210" cannot be used: /),
  );
});

test.each<[string, weft.v1.Endpoint.$Properties, RegExp]>([
  ['the id of another', { id: 'a'.repeat(32) }, /belongs to the key/],
  ['the network of another', { network: 'a'.repeat(16) }, /belongs to the key/],
  ['a node that is none', { node: 'n1' }, /node id/],
  ['a name that is none', { name: '..' }, /no name/],
  ['an alias that is none', { aliases: ['a', ''] }, /alias/],
  ['too many aliases', { aliases: Array<string>(33).fill('a') }, /33 aliases/],
  ['a short MAC', { mac: new Uint8Array(5) }, /5 bytes/],
  ['a multicast MAC', { mac: Uint8Array.of(1, 0, 0x5e, 0, 0, 1) }, /multicast/],
  ['no address', { addresses: [] }, /no address/],
  ['too many addresses', { addresses: Array<Uint8Array>(9).fill(Uint8Array.of(10, 7, 0, 2)) }, /9 addresses/],
  ['an address twice', { addresses: Array<Uint8Array>(2).fill(Uint8Array.of(10, 7, 0, 2)) }, /twice/],
  ['no sandbox', { sandbox: null }, /sandbox key/],
  ['a relative path', { sandbox: { ...endpoint.sandbox, path: '../x' } }, /sandbox path/],
  ['a cookie that is no number', { sandbox: { ...endpoint.sandbox, cookie: '0x1' } }, /cookie/],
  ['an interface that leads out', { interfaceName: '../eth0' }, /interface name/],
  ['too many labels', { labels: Array(65).fill({ key: 'a', value: 'b' }) }, /65 labels/],
  ['no state', { state: weft.v1.EndpointState.ENDPOINT_STATE_UNSPECIFIED }, /state/],
])('an endpoint with %s is refused with its key', (_, part, why) => {
  expect(() => decodeEndpoint(endpointKey, endpointWith(part))).toThrow(invalid(why));
});

test.each<[string, weft.v1.Claim.$Properties, RegExp]>([
  ['no kind', { holder: 'x' }, /kind is 0/],
  [
    'a holder that is no endpoint',
    { kind: weft.v1.ClaimKind.CLAIM_KIND_ENDPOINT, holder: 'x' },
    /endpoint id/,
  ],
  ['a holder that draws', { kind: weft.v1.ClaimKind.CLAIM_KIND_GATEWAY, holder: '\n' }, /control character/],
  [
    'half a millisecond',
    { kind: weft.v1.ClaimKind.CLAIM_KIND_RESERVATION, holder: 'x', expiresAt: 0.5 },
    /expiry/,
  ],
  [
    'an endless expiry',
    { kind: weft.v1.ClaimKind.CLAIM_KIND_RESERVATION, holder: 'x', expiresAt: Infinity },
    /expiry/,
  ],
])('a claim with %s is refused with its key', (_, part, why) => {
  expect(() => decodeClaim(claimKey, weft.v1.Claim.encode(part).finish())).toThrow(invalid(why));
});

test('a state or kind of a later version is refused, not guessed', () => {
  // The last value of a field counts. Field 12, varint 9; field 1, varint 9.
  const state = Buffer.concat([encodeEndpoint(endpoint), Uint8Array.of(0x60, 9)]);
  expect(() => decodeEndpoint(endpointKey, state)).toThrow(invalid(/state is 9/));
  const kind = Buffer.concat([encodeClaim(claim), Uint8Array.of(0x08, 9)]);
  expect(() => decodeClaim(claimKey, kind)).toThrow(invalid(/kind is 9/));
});

test('a generation belongs to its key and has 64 random bits', () => {
  const bytes = encodeAlive(alive);
  expect(() => decodeAlive('alive/aaaaaaaaaaaaaaaa', bytes)).toThrow(
    invalid(/belongs to the key alive\/fedc/),
  );
  const short = weft.v1.Alive.encode({ node: nodeId, counter: 1, random: 'ff' }).finish();
  expect(() => decodeAlive(keys.alive(nodeId), short)).toThrow(invalid(/generation/));
});

test('what would be too large to read is not written', () => {
  const labels = new Map([['art', 'x'.repeat(70_000)]]);
  expect(() => encodeEndpoint({ ...endpoint, labels })).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID', message: expect.stringContaining('at most 65536') }),
  );
  expect(() => encodeNode({ ...node, routes: Array<Prefix>(1025).fill('10.7.0.0/24' as Prefix) })).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID' }),
  );
  expect(() => encodeEndpoint({ ...endpoint, aliases: ['a/b' as Name] })).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID' }),
  );
});

const decoders = {
  node: (bytes: Uint8Array): unknown => decodeNode(nodeKey, bytes),
  alive: (bytes: Uint8Array): unknown => decodeAlive(keys.alive(nodeId), bytes),
  endpoint: (bytes: Uint8Array): unknown => decodeEndpoint(endpointKey, bytes),
  claim: (bytes: Uint8Array): unknown => decodeClaim(claimKey, bytes),
};
const good = {
  node: encodeNode(node),
  alive: encodeAlive(alive),
  endpoint: encodeEndpoint(endpoint),
  claim: encodeClaim(claim),
};
const kinds = ['node', 'alive', 'endpoint', 'claim'] as const;
/** A value or RECORD_INVALID; anything else is a way in. */
function survives(kind: keyof typeof decoders, bytes: Uint8Array): void {
  try {
    decoders[kind](bytes);
  } catch (error) {
    expect(error).toMatchObject({ code: 'RECORD_INVALID' });
  }
}

test.each(kinds)('any bytes in place of a record are a value or RECORD_INVALID: %s', (kind) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      survives(kind, bytes);
    }),
  );
  const { length } = good[kind];
  fc.assert(
    fc.property(fc.nat(length - 1), fc.nat(255), fc.nat(length), (at, byte, cut) => {
      const broken = Uint8Array.from(good[kind]);
      broken[at] = byte;
      survives(kind, broken);
      survives(kind, broken.subarray(0, cut));
    }),
  );
});

test.each(kinds)('empty, endless and nested bytes are refused: %s', (kind) => {
  // Field 1 as a group (wire type 3) inside a group and so on: what makes a recursive decoder overflow its stack.
  const groups = new Uint8Array(60_000).fill((1 << 3) | 3);
  const unknownGroups = new Uint8Array(60_000).fill((15 << 3) | 3);
  const endless = Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f);
  const varint = new Uint8Array(60_000).fill(0xff);
  for (const bytes of [new Uint8Array(), groups, unknownGroups, endless, varint, new Uint8Array(65_537)]) {
    expect(() => decoders[kind](bytes)).toThrow(invalid(/^record /));
  }
});

test('a record cut anywhere is never taken for another one', () => {
  for (let length = 0; length < good.endpoint.length; length += 1) {
    try {
      const cut = decodeEndpoint(endpointKey, good.endpoint.subarray(0, length));
      // Only whole optional fields at the end can be missing: state comes after all that matters.
      expect({ ...cut, creator: endpoint.creator, createdAt: endpoint.createdAt }).toEqual(endpoint);
    } catch (error) {
      expect(error).toMatchObject({ code: 'RECORD_INVALID' });
    }
  }
});
