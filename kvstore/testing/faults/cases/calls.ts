import { expect } from '@jest/globals';
import { eventually, Follower, texts } from '../../../contract-subject.ts';
import { commit, putOp, putText } from '../../../contract-write.ts';
import type { FaultCase } from '../fault-case.ts';
import { expectTheTruth } from '../follow.ts';
import { fault, type Hands } from '../hands.ts';

const unavailable = { code: 'STORE_UNAVAILABLE' };

/** What single calls promise when their connection is bad. */
export const callCases: readonly FaultCase<Hands>[] = [
  fault('a write whose reply is lost is STORE_AMBIGUOUS, and is not sent again', ['way'], async (t) => {
    const { proxy } = t.hands.way;
    const before = await putText(t.store, 'k', 'before');
    // One answer alone: a second attempt would get its own.
    proxy.onAnswer = () => {
      proxy.onAnswer = () => undefined;
      proxy.cut();
    };
    // A condition that holds but once: the answer to a second attempt would be a refusal.
    const once = t.store.txn([{ kind: 'unchanged', key: 'k', revision: before }], [putOp('k', 'after')]);
    await expect(once).rejects.toMatchObject({ code: 'STORE_AMBIGUOUS' });
    const written = await t.witness.get('k');
    expect(texts([written!])).toEqual({ k: 'after' });
    await eventually('a connection', () => t.store.get('k'));
    // Also one that could be repeated without being noticed leaves one trace only.
    proxy.onAnswer = () => {
      proxy.onAnswer = () => undefined;
      proxy.cut();
    };
    await expect(putText(t.store, 'k', 'once more')).rejects.toMatchObject({ code: 'STORE_AMBIGUOUS' });
    const entry = await t.witness.get('k');
    await putText(t.store, 'elsewhere', 'x');
    expect(await t.witness.get('k')).toEqual(entry);
  }),

  fault('a write that finds no connection is STORE_UNAVAILABLE, and is never applied', ['way'], async (t) => {
    const { proxy } = t.hands.way;
    await putText(t.store, 'k', 'before');
    proxy.mode = 'refuse';
    // The connection may still look alive for a moment.
    await expect(t.store.get('k')).rejects.toMatchObject(unavailable);
    await expect(putText(t.store, 'k', 'never')).rejects.toMatchObject(unavailable);
    proxy.mode = 'pass';
    await eventually('an answer', () => t.store.get('k'));
    expect(texts([(await t.store.get('k'))!])).toEqual({ k: 'before' });
  }),

  ...(['refuse', 'hole', 'mute'] as const).map((mode) =>
    fault(`a server that is away (${mode}) is left for the next one`, ['way'], async (t) => {
      const both = await t.hands.way.client({ spare: true });
      t.hands.way.proxy.mode = mode;
      const began = performance.now();
      await putText(both, 'net/a', '1');
      const took = performance.now() - began;
      expect(texts([(await both.get('net/a'))!])).toEqual({ 'net/a': '1' });
      const follower = new Follower();
      both.watch('net/', follower.sink);
      await expectTheTruth(follower, t.witness);
      expect(follower.kinds).toEqual(['snapshot']);
      await (await both.lease(5000)).revoke();
      return `first write after ${Math.round(took)} ms`;
    }),
  ),

  {
    heavy: true,
    ...fault('24,000 keys are one listing', [], async (t) => {
      const keys = Array.from({ length: 24_000 }, (_, n) => `net/${String(n).padStart(5, '0')}`);
      const value = 'some value of a usual length, '.repeat(5);
      const { txnOps, txnBytes } = t.witness.limits;
      const step = Math.min(txnOps, Math.floor(txnBytes / 200));
      for (let n = 0; n < keys.length; n += step) {
        await commit(
          t.witness,
          keys.slice(n, n + step).map((key) => putOp(key, value)),
        );
      }
      const began = performance.now();
      expect((await t.store.list('net/')).entries.map((e) => e.key)).toEqual(keys);
      return `${Math.round(performance.now() - began)} ms`;
    }),
  },
];
