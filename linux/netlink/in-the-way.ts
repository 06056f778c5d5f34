import { readdirSync, readlinkSync } from 'node:fs';
import { interfacesIn, ownNamespace, visitRtnetlink } from '../netns/netns.ts';
import type { Veth, Vxlan } from '../objects/link.ts';
import type { LinkRow } from './codec/link-row.ts';
import { interfaceIndexes } from './interface-index.ts';
import type { NetlinkRefusal } from './message.ts';
import { empty, type Namespaces, type OwnNamespace } from './namespaces.ts';
import { readLinks } from './observe.ts';

/** Says what has the place of a device that the kernel refuses to make since one is there (EEXIST); its own words otherwise. */
export async function nameObstacle(
  namespaces: Namespaces,
  namespace: OwnNamespace,
  wish: Vxlan | Veth,
  refusal: NetlinkRefusal,
): Promise<NetlinkRefusal> {
  const text =
    wish.kind === 'vxlan' ? await twinOnNode(namespaces, wish) : sameName(namespaces, namespace, wish);
  return text === undefined ? refusal : { ...refusal, text };
}

async function twinOnNode(namespaces: Namespaces, wish: Vxlan): Promise<string | undefined> {
  const twin = (await readLinks(namespaces.node)).find((link) => isTwin(link, wish));
  if (twin === undefined) return undefined;
  return `${twin.name} in the namespace of the node has this VNI and port (${wish.vni}, ${wish.port}); it is not ours, and stays`;
}

function sameName(namespaces: Namespaces, { path }: OwnNamespace, { name, peer }: Veth): string | undefined {
  const sandbox = namespaces.pathOf(peer.scope);
  if (interfaceIndexes(path, [name]).size > 0 || !interfacesIn(sandbox).includes(peer.name)) return undefined;
  return `sandbox ${sandbox} has an interface ${peer.name} already that is not ours`;
}

/**
 * Empties a namespace of ours that is not pinned any more and lives on, since a process stands in it: its devices would hold the VNI,
 * and the names in sandboxes, for as long as that one likes. The same mark, on `lo` there and here, proves it to be ours.
 *
 * @returns was there one, with a device that has the place of this one?
 */
export async function emptyLingering({ rtnetlink }: OwnNamespace, wish: Vxlan | Veth): Promise<boolean> {
  const mark = markOf(await readLinks(rtnetlink));
  if (mark === undefined) return false;
  const isInTheWay = (link: LinkRow): boolean =>
    wish.kind === 'vxlan' ? isTwin(link, wish) : link.name === wish.name;
  for (const path of namespacesOfProcesses()) {
    try {
      const isEmptied = await visitRtnetlink(path, async (there) => {
        const links = await readLinks(there);
        if (markOf(links) !== mark || !links.some(isInTheWay)) return false;
        await empty(there, links);
        return true;
      });
      if (isEmptied) return true;
    } catch {
      // The process has ended meanwhile, or may not be looked at.
    }
  }
  return false;
}

function isTwin({ details }: LinkRow, { vni, port }: Vxlan): boolean {
  return details.kind === 'vxlan' && details.vni === vni && details.port === port;
}

function markOf(links: readonly LinkRow[]): string | undefined {
  const alias = links.find((link) => link.loopback)?.alias ?? '';
  return alias === '' ? undefined : alias;
}

/** One path for each network namespace, other than ours, in which a process stands. */
function namespacesOfProcesses(): Iterable<string> {
  const paths = new Map<string, string>();
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const path = `/proc/${pid}/ns/net`;
    const name = nameOf(path);
    if (name !== undefined && !paths.has(name)) paths.set(name, path);
  }
  paths.delete(nameOf(ownNamespace) ?? '');
  return paths.values();
}

/** `net:[4026531840]`; undefined when the process has ended. */
function nameOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
