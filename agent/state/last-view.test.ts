import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { encodeText } from '../../kvstore/store.ts';
import { readLastView, writeLastView, type LastView } from './last-view.ts';

let directory = '';
let aside: string[] = [];
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'weft-last-view-')), 'state');
  aside = [];
});
afterEach(() => {
  rmSync(join(directory, '..'), { recursive: true });
});

const file = (): string => join(directory, 'view.jsonl');
const read = (): LastView | undefined =>
  readLastView(directory, (path, why) => aside.push(`${path}: ${why}`));

function viewOf(endpoints: number): LastView {
  const entries = Array.from({ length: endpoints }, (_, n) => {
    const key = `net/b10e000000000001/endpoint/${n.toString(16).padStart(32, '0')}`;
    return { key, value: new Uint8Array(200).fill(n), revision: 10 + n, created: 5 };
  });
  const nodes = [{ key: 'nodes/aaaa000000000001', value: encodeText('h1'), revision: 7, created: 3 }];
  return {
    seen: 1_700_000_000_000,
    parts: [
      { prefix: 'nodes/', identity: 'A', revision: 9, entries: nodes, held: [] },
      {
        prefix: 'net/b10e000000000001/endpoint/',
        identity: 'A',
        revision: 12,
        entries,
        held: entries.slice(0, 1).map((e) => e.key),
      },
    ],
  };
}

/** Values as text: a buffer and an array of bytes are alike. */
const shown = (view: LastView | undefined): unknown =>
  view?.parts.map((part) => ({
    ...part,
    entries: Array.from(part.entries, (entry) => ({
      ...entry,
      value: Buffer.from(entry.value).toString('hex'),
    })),
  }));

test('what was written is read: entries with both revisions, and which of them the store does not hold', async () => {
  expect(read()).toBeUndefined();
  const view = viewOf(1200);
  await writeLastView(directory, view);
  const found = read();
  expect(found?.seen).toBe(view.seen);
  expect(shown(found)).toEqual(shown(view));
  await writeLastView(directory, viewOf(1));
  expect([...(read()?.parts[1]?.entries ?? [])]).toHaveLength(1);
  expect(readdirSync(directory)).toEqual(['view.jsonl']);
});

test.each([
  ['was cut short', (text: string) => text.slice(0, -200), 'corrupt', ''],
  ['has lost a line', (text: string) => text.replace(/\n\["nodes[^\n]*/, ''), 'corrupt', 'lines instead of'],
  ['has a changed byte', (text: string) => text.replace('"A"', '"B"'), 'corrupt', 'checksum'],
  ['is none of ours', () => 'hello\n', 'corrupt', ''],
  [
    'is of a later version',
    (text: string) => text.replace('"version":1', '"version":2'),
    'newer',
    'version 2',
  ],
])('a file that %s is set aside and named, and counts as absent', async (_, change, how, why) => {
  await writeLastView(directory, viewOf(3));
  writeFileSync(file(), change(readFileSync(file(), 'utf8')));
  expect(read()).toBeUndefined();
  expect(aside).toEqual([expect.stringContaining(`${file()}.${how}: `)]);
  expect(aside[0]).toContain(why);
  expect(readdirSync(directory)).toEqual([`view.jsonl.${how}`]);
  expect(read()).toBeUndefined();
});

test('a crash while it is written leaves the old one', async () => {
  await writeLastView(directory, viewOf(3));
  writeFileSync(`${file()}.new`, '{"version":1,"seen":1}\n["half');
  expect([...(read()?.parts[1]?.entries ?? [])]).toHaveLength(3);
  await writeLastView(directory, viewOf(4));
  expect([...(read()?.parts[1]?.entries ?? [])]).toHaveLength(4);
});

test('ten thousand endpoints are written in turns, so that nobody has to wait for the end', async () => {
  const view = viewOf(10_000);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const begin = performance.now();
  const state = { isDone: false, turns: 0 };
  const writing = writeLastView(directory, view).finally(() => (state.isDone = true));
  // Somebody else who wants a turn now and then.
  for (; !state.isDone; state.turns += 1) await turn();
  await writing;
  const wrote = performance.now() - begin;
  delay.disable();
  const again = performance.now();
  expect([...(read()?.parts[1]?.entries ?? [])]).toHaveLength(10_000);
  const took = performance.now() - again;
  process.stderr.write(
    `last view of 10,000 endpoints: written in ${wrote.toFixed(0)} ms, longest turn ${(delay.max / 1e6).toFixed(0)} ms, ` +
      `read in ${took.toFixed(0)} ms\n`,
  );
  expect(state.turns).toBeGreaterThan(15);
});
