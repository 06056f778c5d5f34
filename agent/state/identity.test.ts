import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { beginLife, nextSerial } from './identity.ts';

let directory = '';
let corrupt: string[] = [];
let randoms = 0;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'weft-identity-')), 'state');
  corrupt = [];
});
afterEach(() => {
  rmSync(join(directory, '..'), { recursive: true });
});

const begin = () =>
  beginLife(directory, {
    random: (bytes) => (randoms += 1).toString(16).padStart(2 * bytes, '0'),
    onCorrupt: (aside) => corrupt.push(aside),
  });

test('the id stays, each life has a generation of its own and knows the earlier ones', () => {
  const first = begin();
  const second = begin();
  const third = begin();
  expect([second.id, third.id]).toEqual([first.id, first.id]);
  expect(third.past).toEqual([first.generation, second.generation]);
  expect(third.generation.counter).toBe(first.generation.counter + 2);
});

test('of many lives only the last ones are kept', () => {
  for (let n = 0; n < 40; n += 1) begin();
  expect(begin().past).toHaveLength(16);
});

test('a serial is never used twice, also over a restart', () => {
  const first = nextSerial(directory, begin());
  expect(first.serial).toBe(1);
  expect(nextSerial(directory, begin()).serial).toBe(2);
});

test.each([
  ['no JSON', '{"id":'],
  ['no identity', '{"version":1,"id":"../../etc"}'],
])('a file that is %s is set aside and reported, and the node is a new one', (_, text) => {
  const before = begin();
  writeFileSync(join(directory, 'node.json'), text);
  const after = begin();
  expect(after.id).not.toBe(before.id);
  expect(corrupt).toEqual([join(directory, 'node.json.corrupt')]);
  expect(readdirSync(directory).toSorted()).toEqual(['node.json', 'node.json.corrupt']);
});
