import type { Figures } from './table.ts';

/** What a benchmark gets from the run it is part of. */
export interface Bench {
  /** A prefix for names of labs and namespaces that no other run on this machine uses: letters and digits. */
  readonly prefix: string;
  /** Fewer rounds and sizes: to see that everything can be measured, not to quote. */
  readonly quick: boolean;
  /** Says what is being done. */
  tell(what: string): void;
}

/** One group of figures. Everything it makes is removed when it ends, also when it fails. */
export interface Benchmark {
  /** What `--only` calls it. */
  readonly name: string;
  readonly run: (bench: Bench) => Promise<readonly Figures[]>;
}
