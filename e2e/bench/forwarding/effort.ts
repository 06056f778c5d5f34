/** What it took to add entries. */
export interface Effort {
  readonly entries: number;
  readonly ms: number;
  /** User and system time of the process that did it, in microseconds. */
  readonly cpuMicros: number;
}

/** Entries per second. */
export const rate = ({ entries, ms }: Effort): number => (entries / ms) * 1000;

/** Microseconds of processor time per entry. */
export const cpuPerEntry = ({ entries, cpuMicros }: Effort): number => cpuMicros / entries;

/** One after the other. */
export function sum(efforts: readonly Effort[]): Effort {
  const total = (of: (effort: Effort) => number): number => efforts.reduce((all, one) => all + of(one), 0);
  return { entries: total((e) => e.entries), ms: total((e) => e.ms), cpuMicros: total((e) => e.cpuMicros) };
}
