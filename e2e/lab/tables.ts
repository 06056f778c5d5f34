import { mustRunIn } from './netns.ts';

/** A row of `bridge -j fdb show`, as far as we look. */
export interface FdbRow {
  readonly mac: string;
  readonly device: string;
  /** Address of the VTEP; only of entries on a VXLAN device. */
  readonly vtep?: string;
  /** `permanent`, `static`, or empty for one that was learnt. */
  readonly state: string;
  /** `self`: of the device itself. `master`: of the bridge it is a port of. */
  readonly table: 'self' | 'master';
}

/** A row of `ip -j neigh show`, both families. */
export interface NeighbourRow {
  readonly address: string;
  readonly mac?: string;
  readonly device: string;
  readonly state: readonly string[];
}

/** A row of `ip -j -d -s link show`, as far as we look. */
export interface LinkRow {
  readonly name: string;
  readonly mtu: number;
  readonly mac: string;
  readonly up: boolean;
  /** `vxlan`, `bridge`, `veth`; empty for others. */
  readonly kind: string;
  /** Name of the bridge it is a port of; empty without. */
  readonly master: string;
  readonly alias: string;
  readonly received: Counter;
  readonly sent: Counter;
  /** `ip -d`'s own words about the kind (`linkinfo.info_data`). */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface Counter {
  readonly packets: number;
  readonly bytes: number;
  readonly errors: number;
  readonly dropped: number;
}

/** The FDB of every device in a namespace, or of one (`bridge -j fdb show [dev NAME]`). */
export async function readFdb(path: string, device?: string): Promise<readonly FdbRow[]> {
  const rows = await readJson<FdbJson>(path, [
    'bridge',
    '-j',
    'fdb',
    'show',
    ...(device ? ['dev', device] : []),
  ]);
  return rows.map((row) => ({
    mac: row.mac,
    device: row.ifname,
    ...(row.dst === undefined ? {} : { vtep: row.dst }),
    state: row.state ?? '',
    table: row.flags?.includes('self') === true ? 'self' : 'master',
  }));
}

/** The neighbour entries of a namespace (`ip -j neigh show [dev NAME]`), IPv4 and IPv6; not multicast's NOARP. */
export async function readNeighbours(path: string, device?: string): Promise<readonly NeighbourRow[]> {
  const rows = await readJson<NeighbourJson>(path, [
    'ip',
    '-j',
    'neigh',
    'show',
    ...(device ? ['dev', device] : []),
  ]);
  return rows.map((row) => ({
    address: row.dst,
    ...(row.lladdr === undefined ? {} : { mac: row.lladdr }),
    device: row.dev ?? device ?? '',
    state: row.state ?? [],
  }));
}

/** The interfaces of a namespace with their statistics. */
export async function readLinks(path: string): Promise<readonly LinkRow[]> {
  const rows = await readJson<LinkJson>(path, ['ip', '-j', '-d', '-s', 'link', 'show']);
  return rows.map((row) => ({
    name: row.ifname,
    mtu: row.mtu,
    mac: row.address ?? '',
    up: row.flags.includes('UP'),
    kind: row.linkinfo?.info_kind ?? '',
    master: row.master ?? '',
    alias: row.ifalias ?? '',
    received: row.stats64.rx,
    sent: row.stats64.tx,
    details: row.linkinfo?.info_data ?? {},
  }));
}

interface FdbJson {
  readonly mac: string;
  readonly ifname: string;
  readonly dst?: string;
  readonly state?: string;
  readonly flags?: readonly string[];
}

interface NeighbourJson {
  readonly dst: string;
  readonly dev?: string;
  readonly lladdr?: string;
  readonly state?: readonly string[];
}

interface LinkJson {
  readonly ifname: string;
  readonly mtu: number;
  readonly address?: string;
  readonly ifalias?: string;
  readonly master?: string;
  readonly flags: readonly string[];
  readonly linkinfo?: { readonly info_kind?: string; readonly info_data?: Readonly<Record<string, unknown>> };
  readonly stats64: { readonly rx: Counter; readonly tx: Counter };
}

async function readJson<T>(path: string, argv: readonly [string, ...string[]]): Promise<readonly T[]> {
  const text = await mustRunIn(path, argv);
  // `ip -j` prints nothing at all, or `[{},...]` with empty rows, for what it leaves out.
  const rows = text.trim() === '' ? [] : (JSON.parse(text) as (T & object)[]);
  return rows.filter((row) => Object.keys(row).length > 0);
}
