import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { resultsVariable, type RunResults, type TestOutcome } from './results.ts';

// The part of Jest's reporter interface that is used here (https://jestjs.io/docs/configuration#custom-reporters).
interface CaseResult {
  readonly fullName: string;
  readonly status: 'passed' | 'failed' | 'skipped' | 'pending' | 'todo' | 'disabled' | 'focused';
  readonly duration?: number | null;
  readonly failureMessages: readonly string[];
}
interface TestFile {
  readonly path: string;
  readonly context: { readonly config: { readonly displayName?: { readonly name: string } } };
}
interface FileResult {
  readonly testFilePath: string;
  readonly testResults: readonly CaseResult[];
  readonly testExecError?: unknown;
  readonly failureMessage?: string | null;
  readonly perfStats: { readonly runtime: number };
}
interface AllResults {
  readonly testResults: readonly FileResult[];
  readonly runExecError?: { readonly message: string };
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const root = process.cwd();

function statusOf({ status }: CaseResult): TestOutcome['status'] {
  if (status === 'passed' || status === 'failed' || status === 'todo') return status;
  return 'skipped';
}

function outcomesOf(result: FileResult): TestOutcome[] {
  const file = relative(root, result.testFilePath);
  const outcomes = result.testResults.map((each): TestOutcome => {
    return { file, name: each.fullName, status: statusOf(each), message: each.failureMessages.join('\n') };
  });
  const failed = outcomes.some(({ status }) => status === 'failed');
  if ((result.testExecError ?? undefined) === undefined && (failed || !result.failureMessage))
    return outcomes;
  if (failed) return outcomes;
  return [
    ...outcomes,
    { file, name: '(the file itself)', status: 'broken', message: result.failureMessage ?? '' },
  ];
}

/** One line for each file of quick tests, one for each test of slow ones; failures at once; the results as a file. */
export default class ProgressReporter {
  onTestCaseResult(test: TestFile, result: CaseResult): void {
    const project = test.context.config.displayName?.name ?? '';
    if (project !== 'e2e' || result.status === 'pending') return;
    console.log(`  ${statusOf(result).padEnd(7)} ${result.fullName} (${seconds(result.duration ?? 0)})`);
  }

  onTestResult(_test: TestFile, result: FileResult): void {
    const outcomes = outcomesOf(result);
    const bad = outcomes.filter(({ status }) => status === 'failed' || status === 'broken');
    const word = bad.length > 0 ? 'FAILED' : 'ok';
    const { runtime } = result.perfStats;
    console.log(
      `${word.padEnd(7)} ${relative(root, result.testFilePath)}: ${outcomes.length} tests (${seconds(runtime)})`,
    );
    for (const { name, message } of bad) {
      const lines = message.split('\n');
      const shown =
        lines.length > 60 ? [...lines.slice(0, 60), `... and ${lines.length - 60} more lines`] : lines;
      console.log([`    ${name}`, ...shown.map((line) => `      ${line}`)].join('\n'));
    }
  }

  onRunComplete(_contexts: unknown, all: AllResults): void {
    const broken = all.runExecError;
    const tests = all.testResults.flatMap(outcomesOf);
    if (broken !== undefined)
      tests.push({ file: '', name: 'Jest', status: 'broken', message: broken.message });
    const results: RunResults = { tests };
    const file = process.env[resultsVariable];
    if (file !== undefined) writeFileSync(file, JSON.stringify(results));
  }
}
