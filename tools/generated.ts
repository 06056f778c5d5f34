/**
 * Is what was generated still what its sources give? Generates again in a copy of the checkout, so that a check never
 * changes a file, and compares.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { listFiles } from './files.ts';

const root = join(import.meta.dirname, '..');
// Outside the checkout: Jest would find the copies of the tests.
const copy = mkdtempSync(join(tmpdir(), 'weft-generated-'));
const same = (file: string): boolean => readFileSync(join(root, file)).equals(readFileSync(join(copy, file)));

try {
  const before = listFiles(root);
  for (const file of before) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    copyFileSync(join(root, file), join(copy, file));
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const { status } = spawnSync(process.execPath, ['tools/generate.ts'], { cwd: copy, stdio: 'inherit' });
  const known = new Set(before);
  const wrong = [
    ...listFiles(copy)
      .filter((file) => !known.has(file))
      .map((file) => `${file} is generated but missing`),
    ...before.filter((file) => !same(file)).map((file) => `${file} is not what its sources give`),
  ];
  for (const complaint of wrong) console.error(`${complaint}: run \`make generate\` and commit the result`);
  process.exitCode = status === 0 && wrong.length === 0 ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}
