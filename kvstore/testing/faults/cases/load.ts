import { expect } from '@jest/globals';
import { eventually } from '../../../contract-subject.ts';
import { asRead, putOp } from '../../../contract-write.ts';
import { decodeText, type Store } from '../../../store.ts';
import type { FaultCase } from '../fault-case.ts';
import { follow, patience } from '../follow.ts';
import { fault, type Hands } from '../hands.ts';
import { Ledger } from '../ledger.ts';

interface Tally {
  /** Replies that were lost. */
  lost: number;
  /** Times that somebody else was first. */
  refused: number;
}

/** Raises the counter so many times. Each time it writes which of its own steps that was, so that it finds out what became of it. */
async function count(store: Store, me: string, times: number, tally: Tally): Promise<void> {
  for (let step = 1; step <= times;) {
    const known = await eventually(
      'the counter',
      async () => {
        const { entries } = await store.list('count/');
        return new Map(entries.map((entry) => [entry.key, entry]));
      },
      patience,
    );
    const mine = known.get(`count/by/${me}`);
    if (mine !== undefined && Number(decodeText(mine.value)) === step) {
      step += 1;
      continue;
    }
    const counter = known.get('count/sum');
    const next = counter === undefined ? 1 : Number(decodeText(counter.value)) + 1;
    try {
      const ops = [putOp('count/sum', `${next}`), putOp(`count/by/${me}`, `${step}`)];
      const { ok } = await store.txn([asRead('count/sum', counter)], ops);
      if (!ok) tally.refused += 1;
    } catch (error) {
      if ((error as { readonly code?: unknown }).code !== 'STORE_AMBIGUOUS') continue;
      tally.lost += 1;
    }
  }
}

/** Many clients, many keys, many watches. */
export const loadCases: readonly FaultCase<Hands>[] = [
  fault('a counter that eight clients raise while replies are lost is exact', ['way'], async (t) => {
    const { proxy, client } = t.hands.way;
    const times = t.long ? 200 : 15;
    const clients = await Promise.all(Array.from({ length: 8 }, () => client()));
    const tally: Tally = { lost: 0, refused: 0 };
    let answers = 0;
    proxy.onAnswer = () => {
      answers += 1;
      if (answers % 23 === 0) proxy.cut();
    };
    await Promise.all(clients.map((each, n) => count(each, `${n}`, times, tally)));
    proxy.onAnswer = () => undefined;
    const sum = await t.witness.get('count/sum');
    expect(decodeText(sum!.value)).toBe(`${8 * times}`);
    expect(tally.lost).toBeGreaterThan(0);
    return `${8 * times} increments, ${tally.lost} replies lost, ${tally.refused} refusals`;
  }),

  {
    heavy: true,
    ...fault('many keys and many watches: each of them sees everything', [], async (t) => {
      const [keys, watches] = t.long ? [10_000, 50] : [2000, 20];
      const clients = await Promise.all(Array.from({ length: 5 }, () => t.another()));
      const all = await Promise.all(
        Array.from({ length: watches }, (_, n) => follow(clients[n % clients.length] ?? t.store)),
      );
      const ledger = new Ledger();
      const began = performance.now();
      for (let n = 0; n < keys; n += 20) {
        await ledger.commit(
          t.witness,
          Array.from({ length: 20 }, (_, i) => putOp(`net/${n + i}`, 'some value of a usual length')),
        );
      }
      for (const { follower } of all) {
        await eventually('every key', () => follower.state.size === keys, 10 * patience);
        ledger.judge(follower);
        expect(follower.broken).toEqual([]);
      }
      return `${keys} keys x ${watches} watches in ${((performance.now() - began) / 1000).toFixed(1)} s`;
    }),
  },
];
