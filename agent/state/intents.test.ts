import {
  appendFileSync,
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
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

test('what has begun and not ended is there for the next life, the latest of one endpoint', async () => {
  const first = open();
  await first.begin(intent(1));
  await first.begin(intent(2));
  await first.begin(intent(2, 'detach'));
  first.end(intent(1).endpoint);
  // No close: as after a kill.
  const second = open();
  expect(second.open()).toEqual([intent(2, 'detach')]);
  second.end(intent(2).endpoint);
  expect(open().open()).toEqual([]);
});

test('what was begun again takes the place of the later, and a detach of an earlier life is done as far as this node can', async () => {
  const first = open();
  await first.begin(intent(1));
  await first.begin(intent(2));
  await first.begin(intent(1, 'detach'));
  expect(first.open()).toEqual([intent(2), intent(1, 'detach')]);
  expect([1, 2].map((n) => first.isDeferred(intent(n).endpoint))).toEqual([false, false]);
  first.defer(intent(1).endpoint);
  first.defer(intent(2).endpoint);
  const second = open();
  for (const intents of [first, second])
    expect([1, 2].map((n) => intents.isDeferred(intent(n).endpoint))).toEqual([true, false]);
  await second.begin(intent(1));
  expect(second.isDeferred(intent(1).endpoint)).toBe(false);
});

test('a beginning is on disk when it resolves', async () => {
  await open().begin(intent(1));
  expect(readFileSync(file(), 'utf8')).toContain(intent(1).endpoint);
});

/** A disk that takes its time. */
function slowDisk() {
  const syncs: { readonly fd: number; readonly end: () => void }[] = [];
  const sync = (fd: number): Promise<void> =>
    new Promise((end) => {
      syncs.push({ fd, end });
    });
  const intents = new Intents(directory, (path, why) => corrupt.push(`${path}: ${why}`), sync);
  return { intents, syncs };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a beginning counts at once, and ends when the disk has it', async () => {
  const { intents, syncs } = slowDisk();
  let isOnDisk = false;
  void intents.begin(intent(1)).then(() => (isOnDisk = true));
  expect(intents.open()).toEqual([intent(1)]);
  await turn();
  expect([syncs.length, isOnDisk]).toEqual([1, false]);
  syncs[0]!.end();
  await turn();
  expect(isOnDisk).toBe(true);
});

test('a file that is being brought onto the disk is closed afterwards, when it was written anew or when all is over', async () => {
  const { intents, syncs } = slowDisk();
  void intents.begin(intent(1));
  await turn();
  const old = syncs[0]!.fd;
  for (let n = 2; n < 4000; n += 1) {
    void intents.begin(intent(n));
    intents.end(intent(n).endpoint);
  }
  const state = { isClosed: false };
  void intents.close().then(() => (state.isClosed = true));
  await turn();
  expect([fstatSync(old).isFile(), state.isClosed]).toEqual([true, false]);
  for (let n = 0; n < 2; n += 1) {
    syncs[n]?.end();
    await turn();
  }
  expect([state.isClosed, syncs.length]).toEqual([true, 2]);
  expect(syncs[1]!.fd).not.toBe(old);
  for (const { fd } of syncs) expect(() => fstatSync(fd)).toThrow('EBADF');
});

test('what was closed can be closed again, whoever has its number now', async () => {
  const intents = open();
  await intents.close();
  const fd = openSync(file(), 'r');
  await intents.close();
  closeSync(fd);
});

test('a last line that a crash has torn is left out in silence, another one is reported', async () => {
  const first = open();
  await first.begin(intent(1));
  appendFileSync(file(), 'what?\n{"op":"attach","netw');
  expect(open().open()).toEqual([intent(1)]);
  expect(corrupt).toEqual([expect.stringContaining('what?')]);
  corrupt = [];
  expect(open().open()).toEqual([intent(1)]);
  expect(corrupt).toEqual([]);
});

test('the journal does not grow without end', async () => {
  const intents = open();
  await intents.begin(intent(99));
  const long = 4000;
  for (let n = 0; n < long; n += 1) {
    appendFileSync(file(), '');
    await intents.begin(intent(1));
    intents.end(intent(1).endpoint);
  }
  expect(statSync(file()).size).toBeLessThan(300_000);
  expect(open().open()).toEqual([intent(99)]);
}, 30_000);

test('much that counts is not written anew with every operation', async () => {
  const intents = open();
  const versions = new Set<number>();
  for (let n = 0; n < 4000; n += 1) {
    await intents.begin(intent(n));
    intents.end(intent(n).endpoint, { value: { ...endpoint, id: intent(n).endpoint }, revision: n });
    versions.add(statSync(file()).ino);
  }
  expect(statSync(file()).size).toBeGreaterThan(1_000_000);
  expect(versions.size).toBeLessThan(8);
  await intents.close();
}, 30_000);

test('what was detached is remembered over a crash until a view is on disk that does without it, and then as one of the latest', async () => {
  const { endpoint } = intent(1);
  const first = open();
  await first.begin({ ...intent(1), op: 'detach' });
  first.end(endpoint, 'gone');
  expect([first.open(), first.isGone(endpoint), first.gone()]).toEqual([[], true, [endpoint]]);
  await first.close();
  // Twice: it is written anew at each start.
  await open().close();
  const second = open();
  expect([second.isGone(endpoint), second.gone()]).toEqual([true, [endpoint]]);
  second.settle(second.gone(), []);
  expect([second.isGone(endpoint), second.gone()]).toEqual([true, []]);
  await second.begin(intent(1));
  expect(second.isGone(endpoint)).toBe(false);
  await second.close();
});

test('an attach of which nothing comes leaves what was gone before it gone, also when a crash ends it', async () => {
  const first = open();
  const { endpoint: id } = intent(1);
  await first.begin(intent(1, 'detach'));
  first.end(id, 'gone');
  await first.begin(intent(1));
  expect(first.isGone(id)).toBe(false);
  // As after a kill, and once more with the journal as the next life has written it.
  open();
  const second = open();
  expect([second.isGone(id), second.open()]).toEqual([false, [intent(1)]]);
  for (const intents of [first, second]) {
    intents.end(id);
    expect(intents.isGone(id)).toBe(true);
  }
  await second.begin(intent(1));
  second.end(id, { value: { ...endpoint, id }, revision: 7 });
  expect(second.isGone(id)).toBe(false);
});

test('of what was detached only the latest are remembered for ever', async () => {
  const intents = open();
  const all = Array.from({ length: 1001 }, (_, n) => intent(n).endpoint);
  for (const [n, endpoint] of all.entries()) {
    await intents.begin(intent(n, 'detach'));
    intents.end(endpoint, 'gone');
  }
  expect(all.filter((endpoint) => intents.isGone(endpoint))).toEqual(all);
  intents.settle(intents.gone(), []);
  expect(all.filter((endpoint) => !intents.isGone(endpoint))).toEqual(all.slice(0, 1));
  await intents.close();
});

test('what was attached is remembered over a crash until a view with it is on disk, or it is gone', async () => {
  const record = (n: number, revision = 7) => ({ value: { ...endpoint, id: intent(n).endpoint }, revision });
  const first = open();
  for (const n of [1, 2, 3]) {
    await first.begin(intent(n));
    first.end(intent(n).endpoint, record(n));
  }
  await first.begin(intent(3, 'detach'));
  first.end(intent(3).endpoint, 'gone');
  expect(first.attached()).toEqual([record(1), record(2)]);
  await first.close();
  // Twice: it is written anew at each start.
  await open().close();
  const second = open();
  const saved = second.attached();
  expect(saved).toEqual([record(1), record(2)]);
  // While the view is written the first one is attached once more.
  await second.begin(intent(1));
  second.end(intent(1).endpoint, record(1, 9));
  second.settle([], saved);
  expect(second.attached()).toEqual([record(1, 9)]);
  await second.close();
  appendFileSync(
    file(),
    `${JSON.stringify({ op: 'end', endpoint: intent(1).endpoint, record: { network: intent(1).network, revision: 1, value: 'AAAA' } })}\n`,
  );
  // Nothing was written meanwhile that would make the second one forgotten on disk; to know it twice does no harm.
  expect(open().attached()).toEqual([record(1, 9), record(2)]);
  expect(corrupt).toEqual([expect.stringContaining('AAAA')]);
});
