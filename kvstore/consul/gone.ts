import { WeftError } from '../../model/errors.ts';
import type { CallOptions } from '../store.ts';
import type { Calls } from './calls.ts';
import type { KeySpace } from './key-space.ts';
import { mostOps } from './txn.ts';

/** The one answer that tells of a key that it is not there; to who may not read it, Consul says nothing of it. */
const gone = "doesn't exist";

/**
 * Makes sure that keys which are missing in a listing are gone. What a token may not read is left out of listings, but asked
 * for by its name it is refused.
 *
 * @throws STORE_DENIED when one may not be read, STORE_UNAVAILABLE when one is there, so that the listing is not the truth.
 */
export async function demandGone(
  { calls, space }: { readonly calls: Calls; readonly space: KeySpace },
  keys: readonly string[],
  options: CallOptions,
): Promise<void> {
  const names = keys.map((key) => space.absolute(key));
  const batches = Array.from({ length: Math.ceil(names.length / mostOps) }, (_, n) =>
    names.slice(n * mostOps, (n + 1) * mostOps),
  );
  const unsure = await Promise.all(batches.map((batch) => notSurelyGone(calls, batch, options)));
  for (const name of unsure.flat()) {
    const found = await calls.repeatable(`read ${name}`, (c, l) => c.get(name, l), options);
    if (found !== undefined) throw new WeftError('STORE_UNAVAILABLE', `${name} is there, and was not listed`);
  }
}

/** Asks for many in one request, which is refused in any case: each key has its own reason. */
async function notSurelyGone(
  calls: Calls,
  names: readonly string[],
  options: CallOptions,
): Promise<readonly string[]> {
  // No key was ever written at this index.
  const ops = names.map((Key) => ({ Verb: 'check-index', Key, Index: 1 }) as const);
  const answer = await calls.repeatable(`look for ${names[0] ?? ''}`, (c, l) => c.txn(ops, l), options);
  if (answer.ok) return names;
  const surely = new Set(answer.errors.filter(({ what }) => what.includes(gone)).map(({ at }) => at));
  return names.filter((_, at) => !surely.has(at));
}
