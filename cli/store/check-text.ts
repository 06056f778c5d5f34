import type { Colors } from 'picocolors/types.js';
import { details, oneLine, table } from '../output/table.ts';

/** What has been found out about a store. */
export interface CheckJson {
  readonly store: string;
  readonly origin: string;
  readonly reachable: boolean;
  readonly problems: readonly string[];
  readonly covered: readonly string[];
  readonly servers: readonly {
    readonly server: string;
    readonly answers: boolean;
    readonly version?: string;
    readonly took?: number;
    readonly notes: string;
  }[];
  readonly limits: {
    readonly txnOps: number;
    readonly valueBytes: number;
    readonly txnBytes: number;
    readonly minLeaseTtl: number;
  };
  readonly identity?: string;
  readonly revision?: number;
  readonly cluster?: string;
  readonly latency?: { readonly get: number; readonly txn?: number };
  readonly lease?: { readonly ttl: number; readonly atMost: number };
  readonly keys?: Readonly<Record<string, number>>;
  readonly agents?: readonly string[];
}

/** Records that cannot be read may be many: the rest is counted. `-o json` has them all. */
const mostProblems = 20;

export function checkText(check: CheckJson, colors: Colors): string {
  const { problems, covered } = check;
  const wrong = problems.slice(0, mostProblems).map((line) => colors.red(`! ${oneLine(line)}`));
  const more = problems.length > mostProblems ? [`! and ${problems.length - mostProblems} more`] : [];
  const known = covered.map((line) => colors.yellow(`* ${oneLine(line)}`));
  const head = problems.length === 0 ? [colors.green('healthy')] : [...wrong, ...more];
  const servers = check.servers.map(({ server, answers, version, took, notes }) => [
    server,
    answers ? ms(took) : 'none',
    version ?? '',
    // Why a server is silent is among the problems.
    answers ? notes : '',
  ]);
  return [
    ...head,
    ...known,
    '',
    details(factsOf(check)),
    ...(servers.length === 0 ? [] : ['', table(['SERVER', 'ANSWER', 'VERSION', 'NOTE'], servers)]),
  ].join('\n');
}

function factsOf(check: CheckJson): readonly (readonly [string, string | readonly string[] | undefined])[] {
  const { latency, lease, limits, keys, agents } = check;
  const txn = latency?.txn === undefined ? '' : `, write ${ms(latency.txn)}`;
  const counted = Object.entries(keys ?? {}).map(([kind, count]) => `${count} ${kind}`);
  return [
    ['store', `${check.store} (${check.origin})`],
    ['identity', check.identity],
    ['revision', check.revision === undefined ? undefined : String(check.revision)],
    ['cluster', check.cluster ?? (keys === undefined ? undefined : 'none yet')],
    ['agents', agents === undefined ? undefined : agents.join(' ') || 'none is running'],
    ['keys', keys === undefined ? undefined : counted.join(', ') || 'none'],
    ['latency', latency === undefined ? undefined : `read ${ms(latency.get)}${txn}`],
    [
      'leases',
      lease === undefined
        ? undefined
        : `kept ${seconds(lease.ttl)} after the last contact, at most ${seconds(lease.atMost)}`,
    ],
    [
      'limits',
      `${limits.txnOps} conditions and operations and ${kib(limits.txnBytes)} a transaction, ` +
        `${kib(limits.valueBytes)} a value, leases from ${seconds(limits.minLeaseTtl)}`,
    ],
  ];
}

const ms = (time = 0): string => `${time.toFixed(1)} ms`;
const seconds = (time: number): string => `${Number((time / 1000).toFixed(1))} s`;
const kib = (bytes: number): string => `${Math.floor(bytes / 1024)} KiB`;
