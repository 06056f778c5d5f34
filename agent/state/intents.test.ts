import { appendFileSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { EndpointId } from '../../model/endpoint.ts';
import type { NetworkId } from '../../model/network.ts';
import { endpoint } from '../../kvstore/records/testing/values.ts';
import { Intents, type Intent } from './intents.ts';

let directory = '';
let corrupt: string[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-intents-'));
  corrupt = [];
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const file = (): string => join(directory, 'intents.jsonl');
const open = (): Intents => new Intents(directory, (path, why) => corrupt.push(`${path}: ${why}`));
const intent = (n: number, op: Intent['op'] = 'attach'): Intent => ({
  op,
  network: 'b10e000000000001' as NetworkId,
  endpoint: n.toString(16).padStart(32, '0') as EndpointId,
});

test('what has begun and not ended is there for the next life, the latest of one endpoint', () => {
  const first = open();
  first.begin(intent(1));
  first.begin(intent(2));
  first.begin(intent(2, 'detach'));
  first.end(intent(1).endpoint);
  // No close: as after a kill.
  const second = open();
  expect(second.open()).toEqual([intent(2, 'detach')]);
  second.end(intent(2).endpoint);
  expect(open().open()).toEqual([]);
});

test('what was begun again takes the place of the later, and a detach of an earlier life is done as far as this node can', () => {
  const first = open();
  first.begin(intent(1));
  first.begin(intent(2));
  first.begin(intent(1, 'detach'));
  expect(first.open()).toEqual([intent(2), intent(1, 'detach')]);
  expect([1, 2].map((n) => first.isDeferred(intent(n).endpoint))).toEqual([false, false]);
  first.defer(intent(1).endpoint);
  first.defer(intent(2).endpoint);
  const second = open();
  for (const intents of [first, second])
    expect([1, 2].map((n) => intents.isDeferred(intent(n).endpoint))).toEqual([true, false]);
  second.begin(intent(1));
  expect(second.isDeferred(intent(1).endpoint)).toBe(false);
});

test('a beginning is on disk when the call returns', () => {
  open().begin(intent(1));
  expect(readFileSync(file(), 'utf8')).toContain(intent(1).endpoint);
});

test('what was closed can be closed again, whoever has its number now', () => {
  const intents = open();
  intents.close();
  const fd = openSync(file(), 'r');
  intents.close();
  closeSync(fd);
});

test('a last line that a crash has torn is left out in silence, another one is reported', () => {
  const first = open();
  first.begin(intent(1));
  appendFileSync(file(), 'what?\n{"op":"attach","netw');
  expect(open().open()).toEqual([intent(1)]);
  expect(corrupt).toEqual([expect.stringContaining('what?')]);
  corrupt = [];
  expect(open().open()).toEqual([intent(1)]);
  expect(corrupt).toEqual([]);
});

test('the journal does not grow without end', () => {
  const intents = open();
  intents.begin(intent(99));
  const long = 4000;
  for (let n = 0; n < long; n += 1) {
    appendFileSync(file(), '');
    intents.begin(intent(1));
    intents.end(intent(1).endpoint);
  }
  expect(statSync(file()).size).toBeLessThan(300_000);
  expect(open().open()).toEqual([intent(99)]);
}, 30_000);

test('much that counts is not written anew with every operation', () => {
  const intents = open();
  const versions = new Set<number>();
  for (let n = 0; n < 4000; n += 1) {
    intents.begin(intent(n));
    intents.end(intent(n).endpoint, { value: { ...endpoint, id: intent(n).endpoint }, revision: n });
    versions.add(statSync(file()).ino);
  }
  expect(statSync(file()).size).toBeGreaterThan(1_000_000);
  expect(versions.size).toBeLessThan(8);
  intents.close();
}, 30_000);

test('what was detached is remembered over a crash until a view is on disk that does without it, and then as one of the latest', () => {
  const { endpoint } = intent(1);
  const first = open();
  first.begin({ ...intent(1), op: 'detach' });
  first.end(endpoint, 'gone');
  expect([first.open(), first.isGone(endpoint), first.gone()]).toEqual([[], true, [endpoint]]);
  first.close();
  // Twice: it is written anew at each start.
  open().close();
  const second = open();
  expect([second.isGone(endpoint), second.gone()]).toEqual([true, [endpoint]]);
  second.settle(second.gone(), []);
  expect([second.isGone(endpoint), second.gone()]).toEqual([true, []]);
  second.begin(intent(1));
  expect(second.isGone(endpoint)).toBe(false);
  second.close();
});

test('an attach of which nothing comes leaves what was gone before it gone, also when a crash ends it', () => {
  const first = open();
  const { endpoint: id } = intent(1);
  first.begin(intent(1, 'detach'));
  first.end(id, 'gone');
  first.begin(intent(1));
  expect(first.isGone(id)).toBe(false);
  // As after a kill, and once more with the journal as the next life has written it.
  open();
  const second = open();
  expect([second.isGone(id), second.open()]).toEqual([false, [intent(1)]]);
  for (const intents of [first, second]) {
    intents.end(id);
    expect(intents.isGone(id)).toBe(true);
  }
  second.begin(intent(1));
  second.end(id, { value: { ...endpoint, id }, revision: 7 });
  expect(second.isGone(id)).toBe(false);
});

test('of what was detached only the latest are remembered for ever', () => {
  const intents = open();
  const all = Array.from({ length: 1001 }, (_, n) => intent(n).endpoint);
  all.forEach((endpoint, n) => {
    intents.begin(intent(n, 'detach'));
    intents.end(endpoint, 'gone');
  });
  expect(all.filter((endpoint) => intents.isGone(endpoint))).toEqual(all);
  intents.settle(intents.gone(), []);
  expect(all.filter((endpoint) => !intents.isGone(endpoint))).toEqual(all.slice(0, 1));
  intents.close();
});

test('what was attached is remembered over a crash until a view with it is on disk, or it is gone', () => {
  const record = (n: number, revision = 7) => ({ value: { ...endpoint, id: intent(n).endpoint }, revision });
  const first = open();
  for (const n of [1, 2, 3]) {
    first.begin(intent(n));
    first.end(intent(n).endpoint, record(n));
  }
  first.begin(intent(3, 'detach'));
  first.end(intent(3).endpoint, 'gone');
  expect(first.attached()).toEqual([record(1), record(2)]);
  first.close();
  // Twice: it is written anew at each start.
  open().close();
  const second = open();
  const saved = second.attached();
  expect(saved).toEqual([record(1), record(2)]);
  // While the view is written the first one is attached once more.
  second.begin(intent(1));
  second.end(intent(1).endpoint, record(1, 9));
  second.settle([], saved);
  expect(second.attached()).toEqual([record(1, 9)]);
  second.close();
  appendFileSync(
    file(),
    `${JSON.stringify({ op: 'end', endpoint: intent(1).endpoint, record: { network: intent(1).network, revision: 1, value: 'AAAA' } })}\n`,
  );
  // Nothing was written meanwhile that would make the second one forgotten on disk; to know it twice does no harm.
  expect(open().attached()).toEqual([record(1, 9), record(2)]);
  expect(corrupt).toEqual([expect.stringContaining('AAAA')]);
});
