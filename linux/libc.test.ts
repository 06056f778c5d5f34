import { expect, test } from '@jest/globals';
import koffi from 'koffi';
import { trimMemory } from './libc.ts';

test('memory that was freed between what is still in use goes back to the kernel', () => {
  const mebibytes = (): number => process.memoryUsage.rss() / 2 ** 20;
  const before = mebibytes();
  const blocks = Array.from({ length: 64_000 }, () => koffi.alloc('uint8', 1024) as unknown);
  for (const block of blocks) new Uint8Array(koffi.view(block, 1024)).fill(1);
  // The last one stays, so that the heap cannot end before it.
  const last = blocks.pop();
  for (const block of blocks) koffi.free(block);
  const freed = mebibytes();
  expect(freed).toBeGreaterThan(before + 40);
  trimMemory();
  expect(mebibytes()).toBeLessThan(freed - 40);
  koffi.free(last);
});
