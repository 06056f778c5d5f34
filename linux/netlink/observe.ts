import { hasCode } from '../../model/errors.ts';
import type { Observation } from '../kernel.ts';
import { visitRtnetlink } from '../netns/netns.ts';
import { readSettings } from '../netns/sysctl.ts';
import type { LinuxObject } from '../objects/object.ts';
import { ObjectSet } from '../objects/object-set.ts';
import type { NetworkScope, SandboxScope } from '../objects/scope.ts';
import { bridgeSettings, namespaceSettings, settingObject } from '../objects/settings.ts';
import { dumpAddresses, readAddress, type AddressRow } from './codec/address.ts';
import { dumpLinks } from './codec/link.ts';
import { readLink, type LinkRow } from './codec/link-row.ts';
import { dumpFdb, dumpNeighbours, readFdb, readNeighbour } from './codec/neighbour.ts';
import { getNsid, readNsid } from './codec/nsid.ts';
import { dumpRoutes, readRoute, type RouteRow } from './codec/route.ts';
import { BodyWriter } from './codec/writer.ts';
import type { NetlinkRequest, Rtnetlink } from './message.ts';
import { withFd, type Namespaces, type OwnNamespace } from './namespaces.ts';
import {
  addressObjects,
  fdbObject,
  linkObjects,
  namesOf,
  neighbourObject,
  routeObjects,
  type LinkNames,
  type Peer,
} from './observe-objects.ts';

/** Reads a network namespace and what is ours in the sandboxes: the port's `observe`. */
export async function observe(
  namespaces: Namespaces,
  scope: NetworkScope,
  sandboxes: readonly SandboxScope[],
): Promise<Observation> {
  const namespace = await namespaces.own(scope);
  const deadSandboxes = new Set<SandboxScope>();
  const objects: (readonly LinuxObject[])[] = [];
  if (namespace === undefined) {
    for (const s of sandboxes) if (await isDead(namespaces, s)) deadSandboxes.add(s);
    return { objects: new ObjectSet(), deadSandboxes };
  }
  const links = await readLinks(namespace.rtnetlink);
  if (isOurMark(links.find((link) => link.loopback)?.alias ?? '', scope)) namespaces.prove(scope);
  // Somebody else's at our pin: nothing in it is ours.
  if (!namespaces.isProven(scope)) return { objects: new ObjectSet(), deadSandboxes };
  const peers = new Map<number, Peer>();
  for (const sandbox of sandboxes) {
    const found = await observeSandbox(namespaces, namespace, links, sandbox);
    if (found === 'dead') deadSandboxes.add(sandbox);
    else {
      for (const [port, link] of found.peers) peers.set(port, { scope: sandbox, link });
      objects.push(found.objects);
    }
  }
  objects.push(linkObjects(scope, links, peers), ...(await observeInside(scope, namespace, links)));
  return { objects: new ObjectSet(objects.flat()), deadSandboxes };
}

/** Does the mark say that the namespace serves this network? Which cluster's and node's it is, the agent compares. */
export function isOurMark(mark: string, scope: NetworkScope): boolean {
  return mark.startsWith('weft ') && mark.endsWith(` ${scope.slice('network:'.length)}`);
}

export async function readLinks(rtnetlink: Rtnetlink): Promise<readonly LinkRow[]> {
  return rows(rtnetlink, dumpLinks(new BodyWriter()), readLink);
}

/** Ours or not, of both families. */
export async function readAddressRows(rtnetlink: Rtnetlink): Promise<readonly AddressRow[]> {
  return rows(rtnetlink, dumpAddresses(new BodyWriter()), readAddress);
}

async function readAddresses(
  rtnetlink: Rtnetlink,
  scope: NetworkScope | SandboxScope,
  names: LinkNames,
): Promise<LinuxObject[]> {
  return addressObjects(scope, await readAddressRows(rtnetlink), names);
}

/** Ours or not, of both families. */
export async function readRouteRows(rtnetlink: Rtnetlink): Promise<readonly RouteRow[]> {
  return rows(rtnetlink, dumpRoutes(new BodyWriter()), readRoute);
}

async function readRoutes(
  rtnetlink: Rtnetlink,
  scope: NetworkScope | SandboxScope,
  names: LinkNames,
): Promise<LinuxObject[]> {
  // Of two with one prefix and metric the kernel goes by the first, and a set holds the last.
  return routeObjects(scope, await readRouteRows(rtnetlink), names).reverse();
}

/** All but the links themselves. */
async function observeInside(
  scope: NetworkScope,
  { path, rtnetlink }: OwnNamespace,
  links: readonly LinkRow[],
): Promise<readonly (readonly LinuxObject[])[]> {
  const writer = new BodyWriter();
  const loopback = links.find((l) => l.loopback);
  const names = namesOf(links.filter((l) => !l.loopback));
  const settings = [
    ...namespaceSettings,
    ...links.filter((l) => l.details.kind === 'bridge').flatMap((l) => bridgeSettings(l.name)),
  ];
  const values = readSettings(
    path,
    settings.map((s) => s.key),
  );
  return [
    [{ kind: 'netns', scope, mark: loopback?.alias ?? '' }],
    settings.flatMap((s) => {
      const value = values.get(s.key);
      return value === undefined ? [] : [settingObject(scope, s, value)];
    }),
    await readAddresses(rtnetlink, scope, names),
    await readRoutes(rtnetlink, scope, names),
    await rtnetlink.rows(dumpFdb(writer), (bytes, from, end) => {
      const row = readFdb(bytes, from, end);
      return row === undefined ? undefined : fdbObject(scope, row, names);
    }),
    await rtnetlink.rows(dumpNeighbours(writer), (bytes, from, end) => {
      const row = readNeighbour(bytes, from, end);
      return row === undefined ? undefined : neighbourObject(scope, row, names);
    }),
  ];
}

interface InSandbox {
  /** The other ends of our ports that are here, by the ports' indexes. */
  readonly peers: ReadonlyMap<number, LinkRow>;
  readonly objects: readonly LinuxObject[];
}

/** A port proves its peer: by the id under which the network namespace knows the sandbox, and by the peer's index. */
async function observeSandbox(
  namespaces: Namespaces,
  { rtnetlink: own }: OwnNamespace,
  links: readonly LinkRow[],
  sandbox: SandboxScope,
): Promise<InSandbox | 'dead'> {
  const path = namespaces.pathOf(sandbox);
  try {
    const nsid = await withFd(path, async (fd) => readNsid(await own.dump(getNsid(new BodyWriter(), fd))));
    const ports = new Map(
      links.flatMap(({ index, details }) =>
        nsid !== undefined && details.kind === 'veth' && details.peerNsid === nsid
          ? [[details.peer, index] as const]
          : [],
      ),
    );
    if (ports.size === 0) return { peers: new Map(), objects: [] };
    return await visitRtnetlink(path, async (rtnetlink) => {
      const ours = (await readLinks(rtnetlink)).filter(
        (l) => l.details.kind === 'veth' && ports.has(l.index),
      );
      const names = namesOf(ours);
      return {
        peers: new Map(ours.map((l) => [ports.get(l.index) ?? 0, l])),
        objects: [
          ...(await readAddresses(rtnetlink, sandbox, names)),
          ...(await readRoutes(rtnetlink, sandbox, names)),
        ],
      };
    });
  } catch (error) {
    if (hasCode(error, 'SANDBOX_INVALID')) return 'dead';
    throw error;
  }
}

async function isDead(namespaces: Namespaces, sandbox: SandboxScope): Promise<boolean> {
  try {
    return await withFd(namespaces.pathOf(sandbox), () => Promise.resolve(false));
  } catch (error) {
    if (hasCode(error, 'SANDBOX_INVALID')) return true;
    throw error;
  }
}

async function rows<T>(
  rtnetlink: Rtnetlink,
  request: NetlinkRequest,
  read: (body: Uint8Array) => T | undefined,
): Promise<readonly T[]> {
  return rtnetlink.rows(request, (bytes, from, end) => read(bytes.subarray(from, end)));
}
