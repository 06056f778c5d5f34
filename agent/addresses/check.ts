import { setImmediate as turn } from 'node:timers/promises';
import type { CheckedJson } from '../../api/schemas/address.ts';
import { checkClaims, type Checked } from '../../ipam/check.ts';
import type { Txn } from '../../ipam/claims.ts';
import type { Finding } from '../../ipam/finding.ts';
import { keys } from '../../kvstore/keys.ts';
import type { Condition, Store } from '../../kvstore/store.ts';
import { WeftError } from '../../model/errors.ts';
import { commit } from '../commit.ts';

export interface CheckPorts {
  readonly store: Pick<Store, 'get' | 'list' | 'txn'>;
  readonly signal: AbortSignal;
  /** What must hold as long as the store is the one that was believed when this began. */
  readonly guards: readonly Condition[];
}

/** Transactions under way at once. */
const width = 8;
/** Looks after repairs: what is still found then keeps changing. */
const rounds = 4;

/** Compares all claims of the store, as of one revision, with their holders. */
export async function checkAddresses({
  store,
  signal,
}: Pick<CheckPorts, 'store' | 'signal'>): Promise<CheckedJson> {
  const checked = await look(store, signal);
  return shown(checked, checked.findings, undefined);
}

/**
 * The same, and mends what can be mended without a guess: each repair changes nothing unless everything that it rests on is still as
 * it was seen. What is mended is shown with what is left.
 *
 * @throws STORE_UNAVAILABLE while the store is being filled.
 */
export async function fixAddresses({ store, signal, guards }: CheckPorts): Promise<CheckedJson> {
  const notFilling: Condition = { kind: 'absent', key: keys.restoring };
  if ((await store.get(keys.restoring, { signal })) !== undefined)
    throw new WeftError(
      'STORE_UNAVAILABLE',
      'claims cannot be mended while the store is being filled: what is missing may still come',
    );
  const all = new Map<string, Finding>();
  let checked = await look(store, signal);
  for (let round = 0; round < rounds; round += 1) {
    for (const finding of checked.findings) all.set(idOf(finding), finding);
    const repairs = checked.findings.flatMap((finding) => finding.repairs);
    if (repairs.length === 0) break;
    await mend(repairs, { store, signal, guards: [...guards, notFilling] });
    checked = await look(store, signal);
  }
  for (const finding of checked.findings) all.set(idOf(finding), finding);
  return shown(checked, [...all.values()], new Set(checked.findings.map(idOf)));
}

/** Milliseconds of work after which others get their turn. */
const stretch = 10;

/** In turns: of a large cluster it is some seconds of work, and the lease has to be kept meanwhile. */
async function look(store: Pick<Store, 'list'>, signal: AbortSignal): Promise<Checked> {
  const work = checkClaims((await store.list('', { signal })).entries);
  let end = performance.now() + stretch;
  for (;;) {
    const part = work.next();
    if (part.done === true) return part.value;
    if (performance.now() < end) continue;
    await turn();
    signal.throwIfAborted();
    end = performance.now() + stretch;
  }
}

async function mend(repairs: readonly Txn[], { store, signal, guards }: CheckPorts): Promise<void> {
  const queue = [...repairs];
  const work = async (): Promise<void> => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop())
      await commit([...guards, ...next.conditions], next.ops, { store, signal });
  };
  await Promise.all(Array.from({ length: width }, work));
}

const idOf = ({ kind, key }: Finding): string => `${kind} ${key}`;

/** `left`: what is still found after the repairs. */
function shown(
  { networks, endpoints, claims }: Checked,
  findings: readonly Finding[],
  left: ReadonlySet<string> | undefined,
): CheckedJson {
  return {
    networks,
    endpoints,
    claims,
    findings: findings.map((finding) => {
      const { kind, key, what, repairs } = finding;
      const isLeft = left === undefined || left.has(idOf(finding));
      const mend = !isLeft ? 'mended' : repairs.length > 0 ? 'possible' : 'undecided';
      return { kind, key, what, mend } as const;
    }),
  };
}
