/** The middle value; the mean of the two middle ones of an even count. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  if (!Number.isInteger(middle)) return upper;
  return ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * The smallest value that at least `percent` of all values do not exceed (nearest rank). NaN of nothing. With 100 values
 * the 99th percentile is the second largest.
 */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.ceil((percent / 100) * sorted.length);
  return sorted[Math.max(rank, 1) - 1] ?? Number.NaN;
}

export interface Spread {
  readonly median: number;
  readonly p99: number;
  readonly least: number;
  readonly most: number;
}

/** What a column of measured values is shown as. */
export function spread(values: readonly number[]): Spread {
  return {
    median: median(values),
    p99: percentile(values, 99),
    least: percentile(values, 0),
    most: percentile(values, 100),
  };
}

/**
 * `a` against `b`, measured in pairs of the same round: the median of the rounds' own ratios. A machine that is slow for a
 * while is slow for both of a pair.
 */
export function pairedRatio(a: readonly number[], b: readonly number[]): number {
  return median(a.slice(0, b.length).map((value, round) => value / (b[round] ?? Number.NaN)));
}
