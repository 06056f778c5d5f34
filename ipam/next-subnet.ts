import type { AddressPool } from '../model/address-pool.ts';
import { addressBits, ipFromBigint, type Family } from '../model/ip.ts';
import { prefixFamily, spanOf, type Prefix, type Span } from '../model/prefix.ts';

/**
 * The lowest subnet of the first pool of this family that has one which overlaps nothing of what is `taken`; undefined: none has.
 *
 * The work grows with the number of what is taken, and is that of sorting it; the size of the pools makes no difference.
 */
export function nextSubnet(
  pools: readonly AddressPool[],
  family: Family,
  taken: Iterable<Prefix>,
): Prefix | undefined {
  const spans = Array.from(new Set(taken), spanOf).filter((span) => span.family === family);
  spans.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  for (const pool of pools) {
    const found = prefixFamily(pool.base) === family ? nextIn(pool, spans) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `taken`: in the order of their first addresses. */
function nextIn({ base, size }: AddressPool, taken: readonly Span[]): Prefix | undefined {
  const { family, first, last } = spanOf(base);
  const step = 1n << BigInt(addressBits[family] - size);
  let at = first;
  for (const span of taken) {
    if (span.last < at) continue;
    if (span.first >= at + step) break;
    // A base begins at a multiple of every size that it can have.
    at = (span.last / step + 1n) * step;
    if (at > last) return undefined;
  }
  return `${ipFromBigint(family, at)}/${size}` as Prefix;
}
