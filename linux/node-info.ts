import { WeftError } from '../model/errors.ts';
import { familyOf, tryParseIp, type Ip } from '../model/ip.ts';
import type { Prefix } from '../model/prefix.ts';
import type { Underlay } from './kernel.ts';
import type { Rtnetlink } from './netlink/message.ts';
import {
  addressIn,
  linkIn,
  readAddresses,
  readLinks,
  readRoutes,
  routeIn,
  type NodeAddress,
  type NodeLink,
} from './node-info-codec.ts';

/** An interface of the node with the addresses that a tunnel can have. */
interface Candidate {
  readonly link: NodeLink;
  readonly addresses: readonly Ip[];
}

/**
 * The interface that `advertise` names, or that has this address, which then comes first in its family. Nothing means the one
 * interface that is up and has a global address, `lo` aside.
 *
 * @throws INPUT_INVALID naming what there is instead.
 */
export async function underlayOf(rtnetlink: Rtnetlink, advertise: string): Promise<Underlay> {
  const [links, addresses] = await Promise.all([rtnetlink.dump(readLinks), rtnetlink.dump(readAddresses)]);
  return chooseUnderlay(links.flatMap(linkIn), addresses.flatMap(addressIn), advertise);
}

/** The decision behind `underlayOf`. */
export function chooseUnderlay(
  links: readonly NodeLink[],
  addresses: readonly NodeAddress[],
  advertise: string,
): Underlay {
  const all = links.map((link) => ({ link, addresses: usable(addresses, link.index) }));
  const { link, addresses: its } = pick(all, advertise);
  const first = tryParseIp(advertise);
  const rank = (ip: Ip): number => 2 * familyOf(ip) - (ip === first ? 1 : 0);
  return {
    interfaceName: link.name,
    addresses: its.toSorted((a, b) => rank(a) - rank(b)),
    mtu: link.mtu,
  };
}

/** Not those of one link or host, nor those that come and go by themselves (RFC 8981) or were refused as duplicates. */
function usable(addresses: readonly NodeAddress[], index: number): readonly Ip[] {
  return addresses.filter((a) => a.index === index && a.global && !a.passing).map((a) => a.ip);
}

function pick(all: readonly Candidate[], advertise: string): Candidate {
  if (advertise === '') return pickOnly(all);
  const ip = tryParseIp(advertise);
  const found = all.find((c) => c.link.name === advertise || (ip !== undefined && c.addresses.includes(ip)));
  if (found === undefined) {
    throw wrong(
      advertise,
      ip === undefined ? 'there is no such interface' : 'no interface has this address',
      all,
    );
  }
  if (found.addresses.length === 0) throw wrong(advertise, 'the interface has no global address', all);
  return found;
}

function pickOnly(all: readonly Candidate[]): Candidate {
  const fit = all.filter(({ link, addresses }) => link.up && !link.loopback && addresses.length > 0);
  const [only, second] = fit;
  if (only === undefined) throw wrong('', 'no interface is up and has a global address', all);
  if (second !== undefined)
    throw wrong('', 'several interfaces have a global address; name one of them', fit);
  return only;
}

function wrong(advertise: string, why: string, all: readonly Candidate[]): WeftError {
  const there = all.map(({ link, addresses }) => {
    const state = link.up ? '' : ', down';
    return `${link.name} (${addresses.length === 0 ? 'no global address' : addresses.join(', ')}${state})`;
  });
  const wish =
    advertise === '' ? 'without --advertise' : `with --advertise ${JSON.stringify(advertise.slice(0, 80))}`;
  return new WeftError(
    'INPUT_INVALID',
    `cannot choose the interface of the tunnels ${wish}: ${why}; there is: ${there.join(', ') || 'nothing'}`,
    { details: { advertise, interfaces: all.map(({ link }) => link.name) } },
  );
}

/** Every address of the node but those that other hosts have as well: of loopback and of a link. */
export async function addressesOf(rtnetlink: Rtnetlink): Promise<readonly Ip[]> {
  const messages = await rtnetlink.dump(readAddresses);
  const all = messages.flatMap(addressIn).map(({ ip }) => ip);
  return [...new Set(all)].filter((ip) => !/^(127\.|169\.254\.|::1$|fe[89ab][0-9a-f]:)/.test(ip));
}

/**
 * The prefixes that the node's main table leads to, without default, host-local and multicast routes, link-local prefixes and
 * the routes that we made ourselves.
 */
export async function routesOf(rtnetlink: Rtnetlink): Promise<readonly Prefix[]> {
  const found = new Set<Prefix>();
  for (const family of [4, 6] as const) {
    const messages = await rtnetlink.dump(readRoutes(family));
    for (const prefix of messages.flatMap(routeIn)) found.add(prefix);
  }
  return [...found];
}
