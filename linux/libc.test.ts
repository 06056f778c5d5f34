import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';

/** In a process of its own: what else a process does changes how much of it is resident. */
const script = `
import koffi from 'koffi';
import { trimMemory } from './libc.ts';
const mebibytes = () => process.memoryUsage.rss() / 2 ** 20;
const blocks = Array.from({ length: 64_000 }, () => koffi.alloc('uint8', 1024));
for (const block of blocks) new Uint8Array(koffi.view(block, 1024)).fill(1);
// The last one stays, so that the heap cannot end before it.
const last = blocks.pop();
for (const block of blocks) koffi.free(block);
const freed = mebibytes();
trimMemory();
console.log(freed - mebibytes());
koffi.free(last);
`;

test('memory that was freed between what is still in use goes back to the kernel', () => {
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module-typescript', '-e', script];
  const given = execFileSync(process.execPath, flags, { cwd: import.meta.dirname, encoding: 'utf8' });
  // Of 62 MiB.
  expect(Number(given)).toBeGreaterThan(40);
});
