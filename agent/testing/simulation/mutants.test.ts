import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { mutants } from './mutants.ts';

const root = join(import.meta.dirname, '../../..');
const script = join(import.meta.dirname, 'main.ts');

const run = (...args: readonly string[]) => {
  const options = ['--disable-warning=ExperimentalWarning', script, ...args];
  return spawnSync(process.execPath, options, { encoding: 'utf8' });
};

test('there are ten mutants or more, each with a name of its own', () => {
  expect(mutants.length).toBeGreaterThanOrEqual(10);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});

test.each(mutants)('the product has the one place where $name', ({ file, find, replace }) => {
  expect(readFileSync(join(root, file), 'utf8').split(find)).toHaveLength(2);
  expect(replace).not.toBe(find);
});

// All of them: `node agent/testing/simulation/main.ts --mutants`, in `make soak`.
test('a mutant is caught by a seed at which the product is well, and its story says how', () => {
  const caught = run('--mutant', 'a detach leaves the claims', '--runs', '20');
  expect(caught.stdout).toMatch(/^seed \d+: .* is a claim without a holder/m);
  expect(caught.status).toBe(0);
  const seed = /^seed (\d+)/m.exec(caught.stdout)?.[1] ?? '';
  const well = run('--seed', seed);
  expect(well.stdout).toMatch(/^ +1\. \[ .* nodes are ready/);
  expect(well.stdout).toMatch(/all is well\n$/);
  expect(well.status).toBe(0);
});
