import { z } from 'zod';
import { parseIp, type Ip } from '../../model/ip.ts';
import { isName, type Name } from '../../model/name.ts';
import { mtuRange } from '../../model/network-wish.ts';
import {
  networkIdPattern,
  networkLimits,
  type Network,
  type NetworkId,
  type Phase,
  type RefusedNetwork,
  type Subnet,
} from '../../model/network.ts';
import { contains, covers, parsePrefix, type Prefix } from '../../model/prefix.ts';
import { parseVni } from '../../model/vni.ts';
import { keys } from '../keys.ts';
import { encodeText } from '../store.ts';
import * as record from './record.ts';
import { parseShape } from './shape.ts';

/** What `network-state/<name>` can hold. */
export type NetworkState = Network | RefusedNetwork;

const name = z.custom<Name>(isName, 'is no name');
const wishHash = z.string().regex(/^[0-9a-f]{64}$/);
const why = z.string().max(8192);
const mostOfReason = 4096;
const who = z
  .string()
  .regex(/^[^\x00-\x1f\x7f]{0,253}$/, 'is longer than 253 characters or has a control character');

const subnet = z.object({
  cidr: z.string(),
  gateway: z.string(),
  range: z.string().optional(),
  auxiliary: z.record(z.string(), z.string()).default({}),
});

const phase = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('active'), refused: z.object({ wishHash, why }).optional() }),
  z.object({ kind: z.literal('removing'), force: z.boolean(), by: who }),
]);

const accepted = z.object({
  name,
  id: z.string().regex(networkIdPattern),
  driver: z.literal('overlay'),
  vni: z.int(),
  subnets: z.array(subnet).min(1).max(networkLimits.subnets),
  mtu: z.int().min(mtuRange.first).max(mtuRange.last).optional(),
  internal: z.boolean(),
  allowOverlap: z.boolean(),
  labels: z.record(z.string(), z.string()).default({}),
  phase,
  wishHash,
  acceptance: z.int().min(0),
  creator: who,
  createdAt: z.string().max(64),
  changed: z.object({ by: who, at: z.string().max(64) }).optional(),
});

const refused = z.object({
  name,
  phase: z.object({ kind: z.literal('refused'), why }),
  wishHash,
});

/** Readable JSON. @throws INPUT_INVALID when it would be more than a record may be. */
export function encodeNetworkState(state: NetworkState): Uint8Array {
  const json = 'id' in state ? acceptedJson(state) : refusedJson(state);
  return record.encodeRecord(
    keys.networkState(state.name),
    encodeText(JSON.stringify(json)),
    decodeNetworkState,
  );
}

/** @throws RECORD_INVALID naming the key. */
export function decodeNetworkState(key: string, value: Uint8Array): NetworkState {
  return record.decodeRecord(key, value, (bytes) => {
    const json = record.readJson(bytes);
    const isRefused = z.object({ phase: z.object({ kind: z.literal('refused') }) }).safeParse(json).success;
    const state = isRefused ? readRefused(json) : readAccepted(json);
    record.requireKey(key, keys.networkState(state.name));
    return state;
  });
}

function acceptedJson(network: Network): z.input<typeof accepted> {
  const { id, driver, vni, mtu, internal, allowOverlap, labels, acceptance, creator, createdAt, changed } =
    network;
  return {
    name: network.name,
    id,
    driver,
    vni,
    subnets: network.subnets.map(({ prefix, gateway, range, auxiliary }) => ({
      cidr: prefix,
      gateway,
      range,
      auxiliary: Object.fromEntries(auxiliary),
    })),
    mtu,
    internal,
    allowOverlap,
    labels: Object.fromEntries(labels),
    phase: shownPhase(network.phase),
    wishHash: network.wishHash,
    acceptance,
    creator,
    createdAt,
    changed,
  };
}

function shownPhase(p: Phase): z.input<typeof phase> {
  if (p.kind === 'removing' || p.refused === undefined) return p;
  return { ...p, refused: { ...p.refused, why: keptReason(p.refused.why) } };
}

function refusedJson(state: RefusedNetwork): z.input<typeof refused> {
  return {
    name: state.name,
    phase: { kind: 'refused', why: keptReason(state.why) },
    wishHash: state.wishHash,
  };
}

/** What a record keeps of the reason of a refusal; of what it keeps, all. */
export const keptReason = (why: string): string =>
  why.length > mostOfReason + 3 ? `${why.slice(0, mostOfReason)}...` : why;

function readRefused(json: unknown): RefusedNetwork {
  const raw = parseShape(refused, json);
  return { name: raw.name, wishHash: raw.wishHash, why: raw.phase.why };
}

function readAccepted(json: unknown): Network {
  const { id, vni, mtu, subnets, labels, phase: p, changed, ...same } = parseShape(accepted, json);
  return {
    ...same,
    id: id as NetworkId,
    vni: parseVni(vni),
    subnets: subnets.map(readSubnet),
    ...(mtu === undefined ? {} : { mtu }),
    labels: new Map(Object.entries(labels)),
    phase: readPhase(p),
    ...(changed === undefined ? {} : { changed }),
  };
}

function readPhase(p: z.output<typeof phase>): Phase {
  if (p.kind === 'removing') return p;
  return p.refused === undefined ? { kind: 'active' } : { kind: 'active', refused: p.refused };
}

function readSubnet({ cidr, gateway, range, auxiliary }: z.output<typeof subnet>): Subnet {
  const prefix = parsePrefix(cidr);
  const inside = range === undefined ? undefined : parsePrefix(range);
  if (inside !== undefined && !covers(prefix, inside))
    record.wrong(`range ${inside} does not lie inside ${prefix}`);
  return {
    prefix,
    gateway: addressOf(prefix, gateway),
    ...(inside === undefined ? {} : { range: inside }),
    auxiliary: new Map(
      Object.entries(auxiliary).map(([key, ip]) => [
        record.named('auxiliary address', key),
        addressOf(prefix, ip),
      ]),
    ),
  };
}

function addressOf(prefix: Prefix, text: string): Ip {
  const ip = parseIp(text);
  return contains(prefix, ip) ? ip : record.wrong(`address ${ip} lies outside ${prefix}`);
}
