import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What became of one case on one back end. */
export type CaseResult = { readonly name: string } & (
  | { readonly kind: 'passed'; readonly ms: number; readonly figure?: string }
  | { readonly kind: 'failed'; readonly ms: number; readonly message: string }
  | { readonly kind: 'exception'; readonly why: string; readonly cover: string }
);

/** What one suite leaves for `make stores`. */
export interface SuiteResults {
  /** Tells several suites of one back end apart. */
  readonly suite: string;
  readonly backEnd: string;
  readonly form: 'short' | 'long';
  readonly date: string;
  /** Such as `etcd 3.4.23`. */
  readonly version: string;
  /** In the order of the suite. */
  readonly cases: readonly CaseResult[];
}

/** Where the results of the last run of each suite are. */
export const resultsFolder = join(import.meta.dirname, '../../../.cache/stores');

/** Names the long form where its value is `1`. */
export const longVariable = 'WEFT_LONG';

export function keepResults(results: SuiteResults): void {
  mkdirSync(resultsFolder, { recursive: true });
  const file = `${results.suite}-${results.backEnd.toLowerCase()}.json`;
  writeFileSync(join(resultsFolder, file), JSON.stringify(results, undefined, 2));
}
