import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { unifiedDiff } from './diff.ts';

const lines = (text: string): readonly string[] => (text === '' ? [] : text.split(''));

test.each([
  ['abc', 'abc', []],
  ['', 'ab', ['@@ -0,0 +1,2 @@', '+a', '+b']],
  ['ab', '', ['@@ -1,2 +0,0 @@', '-a', '-b']],
  ['abc', 'axc', ['@@ -1,3 +1,3 @@', ' a', '-b', '+x', ' c']],
  ['abcdefgh', 'abcdXfgh', ['@@ -2,7 +2,7 @@', ' b', ' c', ' d', '-e', '+X', ' f', ' g', ' h']],
  ['abcdefghi', 'Xbcdefghi', ['@@ -1,4 +1,4 @@', '-a', '+X', ' b', ' c', ' d']],
  [
    'abcdefghij',
    'Xbcdefghi',
    ['@@ -1,4 +1,4 @@', '-a', '+X', ' b', ' c', ' d', '@@ -7,4 +7,3 @@', ' g', ' h', ' i', '-j'],
  ],
])('from %j to %j', (before, after, expected) => {
  expect(unifiedDiff(lines(before), lines(after))).toEqual(expected);
});

/** Applies a diff to the lines it was made from; counts in its heads that do not fit make it fail. */
function patched(before: readonly string[], diff: readonly string[]): readonly string[] {
  const out: string[] = [];
  let at = 0;
  let [old, now] = [0, 0];
  for (const line of diff) {
    const [, start, oldCount, newStart, newCount] = /^@@ -(\d+),(\d+) \+(\d+),(\d+) @@$/.exec(line) ?? [];
    if (start !== undefined) {
      expect([old, now]).toEqual([0, 0]);
      [old, now] = [Number(oldCount), Number(newCount)];
      while (at < Number(start) - (old === 0 ? 0 : 1)) out.push(before[at++] as string);
      expect(Number(newStart)).toBe(out.length + (now === 0 ? 0 : 1));
      continue;
    }
    const [mark, text] = [line[0], line.slice(1)];
    if (mark !== '+') expect(before[at++]).toBe(text);
    if (mark !== '-') out.push(text);
    if (mark !== '+') old -= 1;
    if (mark !== '-') now -= 1;
  }
  expect([old, now]).toEqual([0, 0]);
  return [...out, ...before.slice(at)];
}

const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 30 });

test('whatever differs, the diff leads from one to the other', () => {
  fc.assert(
    fc.property(text, text, (before, after) => {
      expect(patched(before, unifiedDiff(before, after))).toEqual(after);
    }),
  );
});

test('patch(1) or git takes it', () => {
  const directory = mkdtempSync(join(tmpdir(), 'weft-diff-'));
  try {
    const before = Array.from({ length: 30 }, (_, n) => `line ${n}`);
    const after = before.flatMap((line, n) => (n === 3 ? [] : n === 20 ? [line, 'new'] : [line]));
    writeFileSync(join(directory, 'blue'), `${before.join('\n')}\n`);
    const diff = ['--- a/blue', '+++ b/blue', ...unifiedDiff(before, after)];
    execFileSync('git', ['apply', '-'], { cwd: directory, input: `${diff.join('\n')}\n` });
    const found = execFileSync('cat', [join(directory, 'blue')], { encoding: 'utf8' });
    expect(found).toBe(`${after.join('\n')}\n`);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
