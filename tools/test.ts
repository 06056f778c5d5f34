/**
 * All tests. `node tools/test.ts` runs the parts of `make check` and then every project of jest.config.js;
 * `node tools/test.ts live e2e` runs only those projects. Its last line counts: N passed, N failed, N skipped.
 *
 * It fails when a test fails, when a test is skipped for no known reason, when a project ran no test, and when
 * something is left behind: each of these counts as one failure.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runParts, staticParts } from './check-parts.ts';
import { run } from './run.ts';
import { skipReason } from './test/features.ts';
import { jestArguments, projects, type Project } from './test/jest.ts';
import { findMarked, takeInventory, type Inventory } from './test/leaks.ts';
import { resultsVariable, type RunResults, type TestOutcome } from './test/results.ts';

const root = join(import.meta.dirname, '..');
const logs = join(root, '.cache', 'test');
const limit = 15 * 60_000;
/** How long a run may take to end after its last test, and what it made to vanish after that. */
const patience = 15_000;

/** The tests run with a temporary folder of their own and a mark that their processes inherit. */
interface Surroundings {
  readonly temporary: string;
  readonly mark: string;
  readonly before: Inventory;
}

function prepare(): Surroundings & Disposable {
  const temporary = mkdtempSync('/tmp/weft-test-');
  const mark = `WEFT_TEST_RUN=${randomBytes(8).toString('hex')}`;
  const remove = (): void => rmSync(temporary, { recursive: true, force: true });
  return { temporary, mark, before: takeInventory(), [Symbol.dispose]: remove };
}

function environment({ temporary, mark }: Surroundings, results: string): NodeJS.ProcessEnv {
  const [name = '', value = ''] = mark.split('=');
  return {
    ...process.env,
    PATH: `${join(root, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
    TMPDIR: temporary,
    NODE_COMPILE_CACHE: join(root, '.cache', 'compile'),
    [resultsVariable]: results,
    [name]: value,
  };
}

const broken = (file: string, name: string, message = ''): TestOutcome => ({
  file,
  name,
  status: 'broken',
  message,
});

async function runProject(project: Project, surroundings: Surroundings): Promise<readonly TestOutcome[]> {
  console.log(`\n== ${project} tests`);
  const results = join(logs, `${project}.json`);
  rmSync(results, { force: true });
  const stuck = new AbortController();
  const watch = async (): Promise<void> => {
    while (!existsSync(results)) await sleep(250, undefined, { signal: stuck.signal, ref: false });
    await sleep(patience, undefined, { signal: stuck.signal, ref: false });
    stuck.abort('its tests were done, but something kept it from ending: a timer, socket or child left open');
  };
  const watching = watch().catch(() => undefined);
  const outcome = await run(
    [process.execPath, ...jestArguments(project), '--reporters', join(root, 'tools/test/reporter.ts')],
    {
      cwd: root,
      env: environment(surroundings, results),
      logFile: join(logs, `${project}.log`),
      onLine: (line) => console.log(line),
      limit,
      signal: stuck.signal,
    },
  );
  stuck.abort();
  await watching;
  const tests = existsSync(results) ? (JSON.parse(readFileSync(results, 'utf8')) as RunResults).tests : [];
  const complaints: TestOutcome[] = [];
  if (!tests.some(({ status }) => status === 'passed' || status === 'failed'))
    complaints.push(broken(project, 'no test ran'));
  if (!outcome.ok && (outcome.cause !== '' || !tests.some(isBad)) && tests.length > 0)
    complaints.push(broken(project, 'the run failed', outcome.cause));
  return [...tests, ...complaints];
}

function isBad({ status }: TestOutcome): boolean {
  return status === 'failed' || status === 'broken' || status === 'todo';
}

/** What is there now and was not before; what is only slow to go gets some time. */
async function findLeaks({ temporary, mark, before }: Surroundings): Promise<readonly string[]> {
  const look = () => ({
    things: [...[...takeInventory()].filter((thing) => !before.has(thing)), ...list(temporary)],
    processes: findMarked(mark, temporary),
  });
  const deadline = performance.now() + patience / 3;
  let found = look();
  while (found.things.length + found.processes.length > 0 && performance.now() < deadline) {
    await sleep(250);
    found = look();
  }
  for (const { pid } of found.processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  return [
    ...found.things,
    ...found.processes.map(({ pid, command }) => `process ${pid} (killed now): ${command}`),
  ];
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

function firstLine(message: string): string {
  return (
    message
      .split('\n')
      .find((line) => line.trim() !== '' && !line.includes('●'))
      ?.trim() ?? ''
  );
}

/** Prints what needs attention and the counts; true when all is well. */
function report(tests: readonly TestOutcome[], failedParts: number, leaks: readonly string[]): boolean {
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const skipped = tests.filter(({ status }) => status === 'skipped');
  const unexplained = skipped.filter(({ name }) => skipReason(name) === undefined);
  const bad = tests.filter(isBad);
  const section = (title: string, lines: readonly string[]): void => {
    if (lines.length > 0) console.log([`\n${title}`, ...lines.map((line) => `  ${line}`)].join('\n'));
  };
  section(
    'Skipped:',
    skipped.map(
      ({ file, name }) =>
        `${file}: ${name}: ${skipReason(name) ?? 'NO KNOWN REASON: only a missing feature, "[needs ...]", may skip a test'}`,
    ),
  );
  section(
    'Failed:',
    bad.map(({ file, name, status, message }) => {
      const why = status === 'todo' ? 'is only announced' : status === 'broken' ? firstLine(message) : '';
      return [file, name, why].filter((word) => word !== '').join(': ');
    }),
  );
  section('Left behind by the tests:', leaks);
  if (failedParts > 0)
    section('Failed before the tests:', [`${failedParts} parts of make check, named above`]);
  const failed = bad.length + unexplained.length + failedParts + leaks.length;
  console.log(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped`);
  return failed === 0 && passed > 0;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !projects.some((project) => project === name));
if (unknown.length > 0) {
  console.error(`no such project: ${unknown.join(', ')}; there are ${projects.join(', ')}`);
  process.exit(2);
}
mkdirSync(logs, { recursive: true });
if (wanted.length === 0) console.log('== check');
const failedParts = wanted.length === 0 ? await runParts(staticParts) : 0;
using surroundings = prepare();
const tests: TestOutcome[] = [];
for (const project of projects) {
  if (wanted.length === 0 || wanted.includes(project))
    tests.push(...(await runProject(project, surroundings)));
}
const leaks = await findLeaks(surroundings);
process.exitCode = report(tests, failedParts, leaks) ? 0 : 1;
