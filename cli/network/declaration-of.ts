import type { Declaration } from '../../api/schemas/network.ts';
import { WeftError } from '../../model/errors.ts';
import { parseIp, type Ip } from '../../model/ip.ts';
import { contains, covers, parsePrefix, type Prefix } from '../../model/prefix.ts';
import { pairsOf } from '../pairs.ts';

/** The flags of `weft network create`. */
export interface DeclarationFlags {
  readonly subnet?: readonly string[];
  readonly ipv4?: boolean;
  readonly ipv6?: boolean;
  readonly gateway?: readonly string[];
  readonly range?: readonly string[];
  readonly aux?: readonly string[];
  readonly driver?: string;
  readonly mtu?: number;
  readonly vni?: number;
  readonly internal?: true;
  readonly allowOverlap?: true;
  readonly label?: readonly string[];
}

interface SubnetWish {
  readonly cidr: Prefix;
  gateway?: Ip;
  range?: Prefix;
  auxiliary?: Record<string, Ip>;
}

/**
 * The declaration that the flags mean. A gateway, a range and an auxiliary address belong to the subnet that holds them.
 *
 * @throws INPUT_INVALID: malformed, in no subnet, or a second one for a subnet that can have one.
 */
export function declarationOf(flags: DeclarationFlags): Declaration {
  const subnets: SubnetWish[] = (flags.subnet ?? []).map((text) => ({ cidr: parsePrefix(text) }));
  for (const text of flags.gateway ?? []) {
    const gateway = parseIp(text);
    setOnce(
      holder(subnets, '--gateway', text, (cidr) => contains(cidr, gateway)),
      'gateway',
      gateway,
    );
  }
  for (const text of flags.range ?? []) {
    const range = parsePrefix(text);
    setOnce(
      holder(subnets, '--range', text, (cidr) => covers(cidr, range)),
      'range',
      range,
    );
  }
  for (const [name, text] of Object.entries(pairsOf('--aux', flags.aux ?? []))) {
    const ip = parseIp(text);
    const subnet = holder(subnets, '--aux', `${name}=${text}`, (cidr) => contains(cidr, ip));
    subnet.auxiliary = { ...subnet.auxiliary, [name]: ip };
  }
  const { driver, ipv4, ipv6, mtu, vni, internal, allowOverlap, label } = flags;
  return {
    ...(driver === undefined ? {} : { driver }),
    ...(subnets.length === 0
      ? {}
      : { subnets: subnets.map((subnet) => (Object.keys(subnet).length === 1 ? subnet.cidr : subnet)) }),
    ...(ipv4 === undefined ? {} : { ipv4 }),
    ...(ipv6 === undefined ? {} : { ipv6 }),
    ...(mtu === undefined ? {} : { mtu }),
    ...(vni === undefined ? {} : { vni }),
    ...(internal === undefined ? {} : { internal }),
    ...(allowOverlap === undefined ? {} : { allowOverlap }),
    ...(label === undefined ? {} : { labels: pairsOf('--label', label) }),
  };
}

function holder(
  subnets: readonly SubnetWish[],
  flag: string,
  text: string,
  holds: (cidr: Prefix) => boolean,
): SubnetWish {
  const found = subnets.find(({ cidr }) => holds(cidr));
  if (found !== undefined) return found;
  if (subnets.length === 0)
    throw new WeftError('INPUT_INVALID', `${flag} ${text} needs the --subnet that holds it`);
  const cidrs = subnets.map(({ cidr }) => cidr).join(', ');
  throw new WeftError('INPUT_INVALID', `${flag} ${text} lies in none of the subnets: ${cidrs}`);
}

function setOnce<K extends 'gateway' | 'range'>(
  subnet: SubnetWish,
  key: K,
  value: NonNullable<SubnetWish[K]>,
): void {
  const before = subnet[key];
  if (before !== undefined) {
    throw new WeftError(
      'INPUT_INVALID',
      `subnet ${subnet.cidr} is given two of --${key}: ${before} and ${value}`,
    );
  }
  subnet[key] = value;
}
