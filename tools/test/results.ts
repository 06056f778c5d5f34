/** What one Jest run leaves for tools/test.ts. */
export interface RunResults {
  readonly tests: readonly TestOutcome[];
}

export interface TestOutcome {
  /** Relative to the checkout. */
  readonly file: string;
  readonly name: string;
  /** `broken`: the file failed outside any test, for instance while it was loaded. */
  readonly status: 'passed' | 'failed' | 'skipped' | 'todo' | 'broken';
  readonly message: string;
}

/** The environment variable that names the file for the results. */
export const resultsVariable = 'WEFT_TEST_RESULTS';
