import { WeftError } from './errors.ts';
import { addressBits } from './ip.ts';
import { overlaps, parsePrefix, prefixFamily, prefixLength, type Prefix } from './prefix.ts';
import { whyImpossible } from './unicast.ts';

/** Where a network that names no subnet gets one: prefixes of length `size`, cut from `base`. As Docker's default-address-pools. */
export interface AddressPool {
  readonly base: Prefix;
  readonly size: number;
}

/** A cluster has at most this many. */
export const mostPools = 16;

/** 8192 networks, away from what Kubernetes (10.96.0.0/12, 10.244.0.0/16), Docker (172.16.0.0/12, 10.0.0.0/16) and clouds use first. */
const defaultPool4: AddressPool = { base: '10.64.0.0/11' as Prefix, size: 24 };

/**
 * The pools of a cluster that was told none. `globalId`: 10 hex digits, random for every cluster, so that the unique local
 * addresses of two clusters differ when they meet (RFC 4193 3.2).
 */
export function defaultPools(globalId: string): readonly AddressPool[] {
  const base = parsePrefix(`fd${globalId.slice(0, 2)}:${globalId.slice(2, 6)}:${globalId.slice(6, 10)}::/48`);
  return [defaultPool4, { base, size: 64 }];
}

/**
 * Reads pools as Docker's flag spells them, with white space between: `base=10.64.0.0/11,size=24 base=fd00:7::/48,size=64`.
 *
 * @throws INPUT_INVALID that says which pool is wrong, and why, or which two overlap.
 */
export function parsePools(text: string): readonly AddressPool[] {
  const parts = text.split(/\s+/).filter((part) => part !== '');
  const pools = parts.map((part) => {
    const [, base, size] = /^base=([^,]+),size=(\d{1,3})$/.exec(part) ?? [];
    if (base === undefined)
      throw wrong(part, 'must be spelt as in base=10.64.0.0/11,size=24, with white space between pools');
    return checkedPool(parsePrefix(base), Number(size));
  });
  if (pools.length > mostPools)
    throw new WeftError(
      'INPUT_INVALID',
      `${pools.length} address pools are given, at most ${mostPools} are possible`,
    );
  for (const [i, pool] of pools.entries()) {
    const other = pools.slice(0, i).find(({ base }) => overlaps(base, pool.base));
    if (other === undefined) continue;
    const both = `${showPool(other)} and ${showPool(pool)}`;
    throw new WeftError('INPUT_INVALID', `address pools ${both} overlap`);
  }
  return pools;
}

/** @throws INPUT_INVALID when no network could have a subnet of it. */
export function checkedPool(base: Prefix, size: number): AddressPool {
  const pool = { base, size };
  const why = whyImpossible(base);
  if (why !== undefined) throw wrong(showPool(pool), `cannot be used: ${base} ${why}`);
  const most = addressBits[prefixFamily(base)] - 2;
  const least = prefixLength(base);
  if (size < least || size > most)
    throw wrong(showPool(pool), `has a size that is not from ${least}, the length of its base, to ${most}`);
  return pool;
}

export function showPool({ base, size }: AddressPool): string {
  return `base=${base},size=${size}`;
}

/** As `parsePools` reads them. */
export function showPools(pools: readonly AddressPool[]): string {
  return pools.map(showPool).join(' ');
}

function wrong(pool: string, why: string): WeftError {
  return new WeftError('INPUT_INVALID', `address pool ${JSON.stringify(pool.slice(0, 80))} ${why}`);
}
