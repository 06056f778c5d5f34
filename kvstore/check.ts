import { asWeftError, hasCode } from '../model/errors.ts';
import { keys, parseKey } from './keys.ts';
import { decodeAny } from './records/any.ts';
import { decodeCluster } from './records/cluster-json.ts';
import { encodeText, type Entry, type Limits, type ServerState, type Store } from './store.ts';
import { agentsIn, origin } from './transfer/take.ts';

/** How a store is, for people. */
export interface StoreCheck {
  readonly store: string;
  /** Does any server answer? */
  readonly reachable: boolean;
  /** What somebody has to look after; empty: the store is healthy. */
  readonly problems: readonly string[];
  /** Known bugs of this version and why they do no harm. */
  readonly covered: readonly string[];
  readonly servers: readonly ServerLine[];
  readonly limits: Limits;
  /** The rest is absent when the store does not say it. */
  readonly identity?: string;
  readonly revision?: number;
  readonly cluster?: string;
  /** Milliseconds: medians of a few calls, one after the other. */
  readonly latency?: { readonly get: number; readonly txn?: number };
  /** Milliseconds that a lease is kept after the last contact with its holder: as granted, and at most. */
  readonly lease?: { readonly ttl: number; readonly atMost: number };
  readonly keys?: Readonly<Record<string, number>>;
  /** Names of the nodes whose agents are alive. */
  readonly agents?: readonly string[];
  readonly unreadable?: readonly { readonly key: string; readonly why: string }[];
}

export interface ServerLine {
  readonly server: string;
  readonly answers: boolean;
  readonly version?: string;
  /** Milliseconds. */
  readonly took?: number;
  /** What it says of itself, or why it says nothing. */
  readonly notes: string;
}

export interface CheckPorts {
  /** Milliseconds. */
  readonly monotonic: () => number;
  /** Names the probe key. */
  readonly probe: string;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Findings = Mutable<Omit<StoreCheck, 'servers' | 'covered' | 'reachable'>> & {
  readonly problems: string[];
};

/** Calls of each kind that are timed. */
const samples = 5;
/** As a node asks by default. */
const usualTtl = 15_000;

/** Looks at everything that can be asked of a store. What fails is a problem of the store, not an error. */
export async function checkStore(store: Store, ports: CheckPorts): Promise<StoreCheck> {
  const states = (await store.servers?.()) ?? [];
  const findings: Findings = {
    store: store.description,
    limits: store.limits,
    problems: serverProblems(states),
  };
  const isSilent = states.length > 0 && states.every((state) => state.kind === 'silent');
  const isDenied = states.some((state) => state.kind === 'silent' && hasCode(state.error, 'STORE_DENIED'));
  let reachable = !isSilent || isDenied;
  if (reachable) {
    try {
      findings.latency = { get: await median(ports, () => store.get(keys.cluster)) };
      findings.identity = await store.identity();
      inspect(findings, await store.list(''));
      await tryWriting(store, ports, findings);
    } catch (error) {
      const { code, message } = asWeftError(error);
      if (code === 'STORE_UNAVAILABLE' && findings.latency === undefined) reachable = false;
      findings.problems.push(message);
    }
  }
  const covered = remarksOf(states, 'covered').map(({ text }) => text);
  return { reachable, ...findings, covered: [...new Set(covered)], servers: states.map(lineOf) };
}

function remarksOf(
  states: readonly ServerState[],
  kind: 'problem' | 'covered',
): readonly { readonly server: string; readonly text: string }[] {
  return states.flatMap((state) =>
    state.kind === 'silent'
      ? []
      : state.remarks.filter((r) => r.kind === kind).map(({ text }) => ({ server: state.server, text })),
  );
}

function serverProblems(states: readonly ServerState[]): string[] {
  const silent = states.flatMap((state) => (state.kind === 'silent' ? [state.error.message] : []));
  const reported = remarksOf(states, 'problem').map(({ server, text }) => `${server}: ${text}`);
  const identities = states.flatMap((state) =>
    state.kind === 'silent' ? [] : [{ server: state.server, identity: state.identity }],
  );
  const [first] = identities;
  const other = identities.find(({ identity }) => identity !== first?.identity);
  const torn =
    first === undefined || other === undefined
      ? []
      : [
          `${first.server} and ${other.server} belong to different stores (${first.identity}, ${other.identity})`,
        ];
  return [...silent, ...reported, ...torn];
}

function lineOf(state: ServerState): ServerLine {
  const { server } = state;
  if (state.kind === 'silent') return { server, answers: false, notes: state.error.message };
  const { version, took, remarks } = state;
  const notes = remarks.filter(({ kind }) => kind === 'info').map(({ text }) => text);
  return { server, answers: true, version, took, notes: notes.join('; ') };
}

function inspect(
  findings: Findings,
  listing: { readonly revision: number; readonly entries: readonly Entry[] },
): void {
  const { revision, entries } = listing;
  const counts = new Map<string, number>();
  const unreadable: { readonly key: string; readonly why: string }[] = [];
  for (const entry of entries) {
    const { kind } = parseKey(entry.key);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    try {
      decodeAny(entry.key, entry.value);
    } catch (error) {
      unreadable.push({ key: entry.key, why: asWeftError(error).message });
    }
  }
  findings.revision = revision;
  findings.keys = Object.fromEntries([...counts].toSorted());
  findings.agents = agentsIn(entries);
  findings.unreadable = unreadable;
  findings.problems.push(...unreadable.map(({ why }) => why));
  const found = (key: string): Entry | undefined => entries.find((entry) => entry.key === key);
  const cluster = found(keys.cluster);
  if (cluster !== undefined && !unreadable.some(({ key }) => key === keys.cluster))
    findings.cluster = decodeCluster(cluster.key, cluster.value).id;
  const mark = found(keys.restoring);
  if (mark !== undefined) {
    findings.problems.push(
      `it is not whole: it is being filled from ${origin(mark)}; agents wait for the end`,
    );
  }
}

/** Writes a key of our own a few times, under a lease, and removes it. */
async function tryWriting(store: Store, ports: CheckPorts, findings: Findings): Promise<void> {
  const lease = await store.lease(usualTtl);
  findings.lease = { ttl: lease.ttl, atMost: lease.ttl * store.limits.leaseFactor };
  const key = keys.probe(ports.probe);
  const value = encodeText('weft store check');
  try {
    const txn = await median(ports, () => store.txn([], [{ kind: 'put', key, value, lease }]));
    findings.latency = { get: findings.latency?.get ?? 0, txn };
  } catch (error) {
    await lease.revoke().catch(() => undefined);
    throw error;
  }
  await lease.revoke();
  if ((await store.get(key)) !== undefined)
    findings.problems.push(`${key} is still there although its lease was given back`);
}

/** Milliseconds that the call takes, in the middle of a few. */
async function median({ monotonic }: CheckPorts, call: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < samples; n += 1) {
    const begin = monotonic();
    await call();
    times.push(monotonic() - begin);
  }
  return times.toSorted((a, b) => a - b)[(samples - 1) / 2] ?? 0;
}
