import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../model/logger.ts';
import { noMetrics } from '../../model/metric.ts';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import { openJournalFile } from './journal-file.ts';
import { Journal, journalLength } from './journal.ts';

let directory: string;
let trouble: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-journal-'));
  trouble = [];
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const open = (): Journal =>
  new Journal({
    clock: new FakeClock(),
    logger: silentLogger,
    metrics: noMetrics,
    file: openJournalFile(directory, (why) => trouble.push(why)),
  });
const path = (): string => join(directory, 'events.jsonl');
const numbers = (journal: Journal, after = 0): readonly number[] => journal.after(after).map((e) => e.number);
const never = new AbortController().signal;

describe('the journal', () => {
  test('numbers events, and gives those after a number', () => {
    const journal = open();
    expect([journal.last, journal.after(0)]).toEqual([0, []]);
    journal.tell('node-down', 'node n2 is down', { node: 'n2' });
    journal.tell('node-up', 'node n2 is alive');
    expect(journal.after(0)).toEqual([
      {
        number: 1,
        time: '2026-01-01T00:00:00.000Z',
        kind: 'node-down',
        message: 'node n2 is down',
        fields: { node: 'n2' },
      },
      {
        number: 2,
        time: '2026-01-01T00:00:00.000Z',
        kind: 'node-up',
        message: 'node n2 is alive',
        fields: {},
      },
    ]);
    expect([numbers(journal, 1), numbers(journal, 2)]).toEqual([[2], []]);
  });

  test('goes on over a restart, and keeps the last thousand', () => {
    const first = open();
    for (let n = 0; n < journalLength + 5; n += 1) first.tell('node-up', `${n}`);
    first.close();
    const second = open();
    expect([numbers(second).length, numbers(second)[0], second.last]).toEqual([1000, 6, 1005]);
    second.tell('node-up', 'more');
    expect([numbers(second).length, numbers(second)[0], second.last]).toEqual([1000, 7, 1006]);
    expect(trouble).toEqual([]);
  });

  test('a file that has grown is written anew with what is kept', () => {
    const journal = open();
    for (let n = 0; n < 3000; n += 1) journal.tell('node-up', 'x'.repeat(500));
    const lines = readFileSync(path(), 'utf8').trimEnd().split('\n');
    expect(lines.length).toBeGreaterThanOrEqual(journalLength);
    expect(lines.length).toBeLessThan(2900);
  });

  test('lines that are torn or of another version are left out', () => {
    const first = open();
    first.tell('node-up', 'one');
    first.close();
    const foreign = { number: 2, time: '', kind: 'node-sang', message: '', fields: {} };
    appendFileSync(path(), `${JSON.stringify(foreign)}\n{"number":3,"ti`);
    const second = open();
    expect([numbers(second), trouble]).toEqual([[1], []]);
    second.tell('node-up', 'two');
    second.close();
    expect(numbers(open())).toEqual([1, 2]);
  });

  test('a place where nothing can be written is told once, and stops nothing', () => {
    writeFileSync(join(directory, 'file'), '');
    const file = openJournalFile(join(directory, 'file', 'state'), (why) => trouble.push(why));
    const journal = new Journal({ clock: new FakeClock(), logger: silentLogger, metrics: noMetrics, file });
    journal.tell('node-up', 'one');
    journal.tell('node-up', 'two');
    expect(numbers(journal)).toEqual([1, 2]);
    expect(trouble).toEqual([expect.stringContaining('/file/state/events.jsonl')]);
  });
});

describe('waiting for news', () => {
  test('ends at once when there are some, with the next event, with the signal, and with the journal', async () => {
    const journal = open();
    journal.tell('node-up', 'one');
    await journal.news(0, never);
    const ends: string[] = [];
    const wait = (name: string, signal = never): Promise<unknown> =>
      journal.news(1, signal).then(() => ends.push(name));
    const enough = new AbortController();
    const waiting = [wait('event'), wait('signal', enough.signal)];
    enough.abort();
    await waiting[1];
    expect(ends).toEqual(['signal']);
    journal.tell('node-up', 'two');
    await waiting[0];
    const last = journal.news(2, never);
    journal.close();
    await last;
    await journal.news(99, never);
    expect(ends).toEqual(['signal', 'event']);
  });

  test('an aborted signal does not wait', async () => {
    await open().news(0, AbortSignal.abort());
  });
});
