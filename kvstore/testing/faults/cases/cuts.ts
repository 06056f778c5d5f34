import { expect } from '@jest/globals';
import { deleteOp, putOp } from '../../../contract-write.ts';
import type { Store } from '../../../store.ts';
import type { FaultCase, Scene } from '../fault-case.ts';
import { expectStale, expectTheTruth, follow, snapshots } from '../follow.ts';
import { fault, type Hands } from '../hands.ts';
import { Ledger } from '../ledger.ts';

type OnTheWay = Scene<Pick<Hands, 'way'>>;

/** A spread of places from the first byte to the last. */
function places(bytes: number, long: boolean): readonly number[] {
  const count = long ? 160 : 14;
  return Array.from({ length: count }, (_, n) => Math.max(1, Math.round((bytes * (n + 0.5)) / count)));
}

/** Enough for some packets. */
async function fill(ledger: Ledger, store: Store): Promise<void> {
  const value = 'some value of a usual length, '.repeat(20);
  const keys = Array.from({ length: 60 }, (_, n) => `net/${String(n).padStart(2, '0')}`);
  await ledger.commit(
    store,
    keys.map((key) => putOp(key, value)),
  );
}

/** How many bytes the server answers to what is done. */
async function bytesOf({ hands }: OnTheWay, work: () => Promise<unknown>): Promise<number> {
  const { proxy } = hands.way;
  const before = proxy.answered;
  await work();
  return proxy.answered - before;
}

/** A connection that breaks after whichever byte of an answer. */
export const cutCases: readonly FaultCase<Hands>[] = [
  fault('a listing that is cut after any byte is read again, and is whole', ['way'], async (t) => {
    const { proxy, client } = t.hands.way;
    await fill(new Ledger(), t.witness);
    const wanted = (await t.witness.list('net/')).entries;
    const list = async (): Promise<void> => {
      const store = await client();
      expect((await store.list('net/')).entries).toEqual(wanted);
      await store.close();
    };
    const bytes = await bytesOf(t, list);
    let cuts = 0;
    for (const place of places(bytes, t.long)) {
      proxy.cutAfter(place);
      await list();
      if (proxy.cutsLeft === 0) cuts += 1;
    }
    expect(cuts).toBeGreaterThan(10);
    return `${cuts} cuts within ${bytes} bytes`;
  }),

  fault(
    'a watch whose beginning is cut after any byte tells all, and no transaction in part',
    ['way'],
    async (t) => {
      const { proxy, client } = t.hands.way;
      const ledger = new Ledger();
      await fill(ledger, t.witness);
      const watchOnce = async (n: number): Promise<void> => {
        const store = await client();
        const begun = follow(store);
        await ledger.commit(t.witness, [
          putOp('net/01', `${n}`),
          n % 2 === 0 ? deleteOp('net/02') : putOp('net/02', 'x'),
        ]);
        const { follower } = await begun;
        await expectTheTruth(follower, t.witness);
        ledger.judge(follower);
        expect([n, follower.broken]).toEqual([n, []]);
        await store.close();
      };
      const bytes = await bytesOf(t, () => watchOnce(-1));
      let cuts = 0;
      for (const [n, place] of places(bytes, t.long).entries()) {
        proxy.cutAfter(place);
        await watchOnce(n);
        if (proxy.cutsLeft === 0) cuts += 1;
      }
      expect(cuts).toBeGreaterThan(10);
      return `${cuts} cuts within ${bytes} bytes`;
    },
  ),

  fault(
    'what was missed and is cut after any byte while it is told arrives all the same',
    ['way'],
    async (t) => {
      const { proxy } = t.hands.way;
      const ledger = new Ledger();
      await fill(ledger, t.witness);
      const { follower } = await follow(t.store);
      const miss = async (n: number, place?: number): Promise<void> => {
        proxy.mode = 'refuse';
        for (let i = 0; i < 10; i += 1) {
          const [a, b] = [`net/${10 + i}`, `net/${20 + i}`];
          await ledger.commit(t.witness, [
            putOp(a, `${n} `.repeat(100)),
            n % 3 === 0 ? deleteOp(b) : putOp(b, `${n}`),
          ]);
        }
        proxy.mode = 'pass';
        if (place !== undefined) proxy.cutAfter(place);
        await expectTheTruth(follower, t.witness);
      };
      const bytes = await bytesOf(t, () => miss(1));
      let cuts = 0;
      for (const [n, place] of places(bytes, t.long).entries()) {
        await miss(n, place);
        if (proxy.cutsLeft === 0) cuts += 1;
      }
      ledger.judge(follower);
      expect(follower.broken).toEqual([]);
      expect(cuts).toBeGreaterThan(10);
      return `${cuts} cuts within ${bytes} bytes, ${snapshots(follower)} snapshot`;
    },
  ),

  fault('cut again and again while 6,000 missed changes are told: none is lost', ['way'], async (t) => {
    const { proxy } = t.hands.way;
    const ledger = new Ledger();
    const { follower } = await follow(t.store);
    proxy.mode = 'refuse';
    await expectStale(follower);
    for (let n = 0; n < 3000; n += 100) {
      const some = Array.from({ length: 100 }, (_, i) => [`net/a${(n + i) % 400}`, `net/b${(n + i) % 300}`]);
      await Promise.all(
        some.map(([a = '', b = '']) =>
          ledger.commit(t.witness, [n % 700 === 0 ? deleteOp(a) : putOp(a, `${n}`), putOp(b, `${n}`)]),
        ),
      );
    }
    const marks = t.long ? Array.from({ length: 15 }, (_, n) => 30_000 + 2500 * n) : [30_000, 50_000, 70_000];
    proxy.cutAfter(...marks);
    proxy.mode = 'pass';
    await expectTheTruth(follower, t.witness);
    const cuts = marks.length - proxy.cutsLeft;
    expect(cuts).toBeGreaterThanOrEqual(3);
    ledger.judge(follower);
    expect([follower.broken, snapshots(follower)]).toEqual([[], 1]);
    return `${cuts} cuts, ${follower.updates.length} updates`;
  }),

  fault('missed transactions that are together larger than one answer arrive whole', ['way'], async (t) => {
    const ledger = new Ledger();
    const { follower } = await follow(t.store);
    t.hands.way.proxy.mode = 'refuse';
    await expectStale(follower);
    const { txnBytes, valueBytes } = t.store.limits;
    const size = Math.min(valueBytes, Math.floor(txnBytes / 2) - 1000);
    const value = new Uint8Array(size).fill(0x61);
    const count = Math.ceil(11_000_000 / (2 * size));
    for (let n = 0; n < count; n += 1) {
      await ledger.commit(t.witness, [
        { kind: 'put', key: `net/a${n % 8}`, value },
        { kind: 'put', key: `net/b${n % 8}`, value: value.slice(0, size - n) },
      ]);
    }
    t.hands.way.proxy.mode = 'pass';
    await expectTheTruth(follower, t.witness);
    ledger.judge(follower);
    expect([follower.broken, snapshots(follower)]).toEqual([[], 1]);
    return `${((2 * size * count) / 1e6).toFixed(1)} MB missed`;
  }),
];
