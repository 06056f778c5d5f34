import type { Colors } from 'picocolors/types.js';

/** One ping of the table. */
export interface PingRow {
  /** `h1/blue1` */
  readonly from: string;
  readonly to: string;
  /** The network of `to`. */
  readonly network: string;
  readonly address: string;
  readonly expected: 'reachable' | 'isolated';
  readonly reached: boolean;
  /** Round-trip time in milliseconds. */
  readonly ms?: number;
  readonly why: string;
  readonly ok: boolean;
}

export interface TunnelRow {
  readonly host: string;
  readonly network: string;
  readonly sent: number;
  readonly received: number;
  readonly ok: boolean;
}

/** Names in natural order: h2 before h10. */
const inOrder = (names: Iterable<string>): readonly string[] =>
  [...new Set(names)].toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));

/** The table of every pair, one block for each network pinged, then the tunnels and a summary. */
export function pingReport(rows: readonly PingRow[], tunnels: readonly TunnelRow[], colors: Colors): string {
  const blocks = inOrder(rows.map((row) => row.network)).map((network) => block(network, rows, colors));
  return [...blocks, tunnelBlock(tunnels), summary(rows, tunnels)].filter((part) => part !== '').join('\n\n');
}

function block(network: string, rows: readonly PingRow[], colors: Colors): string {
  const here = rows.filter((row) => row.network === network);
  const from = inOrder(here.map((row) => row.from));
  const to = inOrder(here.map((row) => row.to));
  const cells = [
    ['', ...to],
    ...from.map((source) => [
      source,
      ...to.map((target) => cell(here.filter((row) => row.from === source && row.to === target))),
    ]),
  ];
  const widths = ['', ...to].map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  const lines = cells.map((line) =>
    line
      .map((text, i) => paint(text.padEnd(widths[i] ?? 0), colors))
      .join('  ')
      .trimEnd(),
  );
  return [`To network ${network} (milliseconds, IPv4/IPv6; - no answer; ! not as expected)`, ...lines].join(
    '\n',
  );
}

/** `0.08/0.11`, `-/-`, `!-/0.11`; a dot for the sandbox itself. */
function cell(rows: readonly PingRow[]): string {
  if (rows.length === 0) return '.';
  const one = (row: PingRow): string => `${row.ok ? '' : '!'}${row.reached ? format(row.ms) : '-'}`;
  return rows
    .toSorted((a, b) => Number(a.address.includes(':')) - Number(b.address.includes(':')))
    .map(one)
    .join('/');
}

const format = (ms: number | undefined): string => (ms === undefined ? '?' : ms.toFixed(ms < 10 ? 2 : 0));

function paint(text: string, colors: Colors): string {
  if (text.startsWith('!') || text.includes('/!')) return colors.red(text);
  return /^[\d.]+(\/[\d.]+)*\s*$/.test(text) && /\d/.test(text) ? colors.green(text) : text;
}

function tunnelBlock(tunnels: readonly TunnelRow[]): string {
  if (tunnels.length === 0) return '';
  const one = (row: TunnelRow): string =>
    `${row.ok ? '' : '! '}${row.host} ${row.network}: ${row.sent} sent, ${row.received} received`;
  return ['Packets through the tunnels meanwhile', ...tunnels.map((row) => `  ${one(row)}`)].join('\n');
}

function summary(rows: readonly PingRow[], tunnels: readonly TunnelRow[]): string {
  const count = (expected: PingRow['expected']): string => {
    const asked = rows.filter((row) => row.expected === expected);
    return `${asked.filter((row) => row.ok).length} of ${asked.length}`;
  };
  const wrong = rows.filter((row) => !row.ok);
  const shown = wrong.slice(0, 10).map((row) => {
    const answer = row.reached ? 'answered' : `did not answer${row.why === '' ? '' : ` (${row.why})`}`;
    return `! ${row.from} -> ${row.to} ${row.address}: expected ${row.expected}, ${answer}`;
  });
  const more = wrong.length > shown.length ? [`! and ${wrong.length - shown.length} more`] : [];
  const still = tunnels
    .filter((row) => !row.ok)
    .map((row) => `! the tunnel of ${row.network} on ${row.host} carried nothing`);
  const empty = rows.some((row) => row.expected === 'reachable')
    ? []
    : ['! no two sandboxes share a network: there was nothing to prove'];
  const lines = [
    `Same network, reachable: ${count('reachable')}. Other network, isolated: ${count('isolated')}.`,
    ...shown,
    ...more,
    ...still,
    ...empty,
  ];
  return lines.join('\n');
}
