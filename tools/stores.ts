/**
 * `make stores`: everything that can go wrong with a store, on every back end, as one table. It is printed, and with
 * `--page` written to docs/reference/stores.md. `WEFT_LONG=1` asks for the long form: more rounds, longer outages.
 *
 * Exit code 1 when a case failed or did not come to its end.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { longVariable, resultsFolder, type SuiteResults } from '../kvstore/testing/faults/results.ts';
import { listFiles } from './files.ts';
import { run } from './run.ts';
import { asPage, asText, makeReport } from './stores/report.ts';

const root = join(import.meta.dirname, '..');
const page = 'docs/reference/stores.md';
const isLong = process.env[longVariable] === '1';
const limit = (isLong ? 180 : 15) * 60_000;

const suites = listFiles(root).filter(
  (file) =>
    file.endsWith('.live.test.ts') && /(fault|cluster)Suite\(/.test(readFileSync(join(root, file), 'utf8')),
);
rmSync(resultsFolder, { recursive: true, force: true });
mkdirSync(resultsFolder, { recursive: true });
const began = performance.now();
const outcome = await run(
  [
    process.execPath,
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    ...suites,
    '--selectProjects',
    'live',
    '--cacheDirectory=.cache/jest',
    '--maxWorkers=2',
    '--reporters',
    join(root, 'tools/test/reporter.ts'),
  ],
  {
    cwd: root,
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
    logFile: join(resultsFolder, 'jest.log'),
    onLine: (line) => console.log(line),
    limit,
  },
);
const seconds = Math.round((performance.now() - began) / 1000);

const results = readdirSync(resultsFolder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => JSON.parse(readFileSync(join(resultsFolder, file), 'utf8')) as SuiteResults);
const report = makeReport(results);
const about = [
  `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, ${isLong ? 'long' : 'short'} form, ${seconds} s in all`,
  `Linux ${release()}, Node ${process.versions.node}`,
  [...new Set(results.map(({ version }) => version))].sort().join(', '),
];
console.log(`\n${about.join('\n')}\n\n${asText(report)}`);
if (process.argv.includes('--page')) {
  writeFileSync(join(root, page), asPage(report, about));
  console.log(`\nwritten: ${page}`);
}
const bad = [
  ...report.failures,
  ...(outcome.ok || report.failures.length > 0 ? [] : ['the run failed', outcome.cause]),
];
for (const failure of bad) console.error(`FAILED  ${failure}`);
process.exitCode = bad.length === 0 ? 0 : 1;
