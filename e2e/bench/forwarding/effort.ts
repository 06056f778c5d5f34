/** What it took to add entries. */
export interface Effort {
  readonly entries: number;
  readonly ms: number;
  /** Processor time of the process that did it, in microseconds: its own, and in the kernel. */
  readonly userMicros: number;
  readonly kernelMicros: number;
}

/** Entries per second. */
export const rate = ({ entries, ms }: Effort): number => (entries / ms) * 1000;

/** Microseconds of processor time per entry. */
export const cpuPerEntry = ({ entries, userMicros, kernelMicros }: Effort): number =>
  (userMicros + kernelMicros) / entries;
/** The part of it in the kernel. */
export const kernelPerEntry = ({ entries, kernelMicros }: Effort): number => kernelMicros / entries;

/** One after the other. */
export function sum(efforts: readonly Effort[]): Effort {
  const total = (of: (effort: Effort) => number): number => efforts.reduce((all, one) => all + of(one), 0);
  return {
    entries: total((e) => e.entries),
    ms: total((e) => e.ms),
    userMicros: total((e) => e.userMicros),
    kernelMicros: total((e) => e.kernelMicros),
  };
}
