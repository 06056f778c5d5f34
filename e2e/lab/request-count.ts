import { mustRunIn, runIn } from './netns.ts';

/** What a host has sent to the port of a store, each thing once, however often its kernel has sent it. */
export interface RequestCount {
  /** Connections that were tried. */
  readonly attempts: number;
  /** Pieces of data on connections that were there before: a request is at least one. */
  readonly sends: number;
}

const table = 'inet weft_requests';

/**
 * The kernel notes the local port of each SYN, and port and sequence number of each segment with data: what TCP sends again
 * is noted once.
 */
const rules = (port: number): string => `table ${table} {
  set attempts { typeof tcp sport; flags dynamic; size 65535; }
  set sends { typeof tcp sport . tcp sequence; flags dynamic; size 65535; }
  chain out {
    type filter hook output priority 0;
    tcp dport ${port} tcp flags & (syn | ack) == syn add @attempts { tcp sport }
    tcp dport ${port} tcp flags & psh == psh add @sends { tcp sport . tcp sequence }
  }
}
`;

/** Counts from now on what is sent from this namespace to a TCP port, from zero. */
export async function startCount(path: string, port: number): Promise<void> {
  await runIn(path, ['nft', 'delete', 'table', ...table.split(' ')]);
  await mustRunIn(path, ['nft', '-f', '-'], { input: rules(port) });
}

/** What was sent since `startCount`. */
export async function readCount(path: string): Promise<RequestCount> {
  const text = await mustRunIn(path, ['nft', '-j', 'list', 'table', ...table.split(' ')]);
  return parseCount(text);
}

interface SetRow {
  readonly set?: { readonly name: string; readonly elem?: readonly unknown[] };
}

/** `nft -j list table`: the first data on a new connection belong to the attempt. */
export function parseCount(text: string): RequestCount {
  const { nftables } = JSON.parse(text) as { readonly nftables: readonly SetRow[] };
  const elements = (name: string): readonly unknown[] =>
    nftables.find(({ set }) => set?.name === name)?.set?.elem ?? [];
  const tried = new Set(elements('attempts'));
  const sends = elements('sends') as readonly { readonly concat: readonly [number, number] }[];
  return { attempts: tried.size, sends: sends.filter(({ concat: [port] }) => !tried.has(port)).length };
}
