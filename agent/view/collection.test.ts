import { describe, expect, test } from '@jest/globals';
import type { Store, WatchSink, WatchUpdate } from '../../kvstore/store.ts';
import { decodeText, encodeText } from '../../kvstore/store.ts';
import { WeftError } from '../../model/errors.ts';
import { Collection, type Judgement } from './collection.ts';

/** A collection of texts whose watch says what the test says. */
function collection() {
  const changes: string[][] = [];
  let tell: WatchSink = () => undefined;
  const watch = (_prefix: string, sink: WatchSink) => {
    tell = sink;
    return { close: () => Promise.resolve() };
  };
  const texts = new Collection<string>(
    'x/',
    (key, value) => {
      const text = decodeText(value);
      if (text === 'bad') throw new WeftError('RECORD_INVALID', `${key} is bad`);
      return text;
    },
    {
      store: { watch } as unknown as Store,
      onChange: (keys) => changes.push([...keys].toSorted()),
      onState: () => undefined,
    },
  );
  texts.start();
  const shown = (): Record<string, string> =>
    Object.fromEntries([...texts.records].map(([key, { value, revision }]) => [key, `${value}@${revision}`]));
  return { texts, changes, shown, tell: (update: WatchUpdate) => tell(update) };
}

const entry = (key: string, text: string, revision: number) => {
  return { key, value: encodeText(text), revision, created: revision };
};
type Written = readonly [key: string, text: string, revision: number];
const snapshot = (revision: number, identity: string, ...entries: readonly Written[]): WatchUpdate => {
  return { kind: 'snapshot', revision, identity, entries: entries.map((e) => entry(...e)) };
};
const put = (...[key, text, revision]: Written): WatchUpdate => {
  return { kind: 'changes', revision, changes: [{ kind: 'put', entry: entry(key, text, revision) }] };
};
const gone = (key: string, revision: number): WatchUpdate => {
  return { kind: 'changes', revision, changes: [{ kind: 'delete', key }] };
};
const stale: WatchUpdate = { kind: 'stale', cause: new Error('cut') };

test('what was written or read ahead of the watch goes with the store that had it', () => {
  const { tell, shown, texts } = collection();
  tell(snapshot(50, 'A', ['x/1', 'one', 2]));
  const { life } = texts;
  texts.learn('x/2', { value: 'two', revision: 60 });
  texts.learn('x/3', { value: 'three', revision: 61 });
  tell(stale);
  // Another one, which knows one of them.
  tell(snapshot(9, 'B', ['x/1', 'one', 2], ['x/3', 'drei', 7]));
  expect(texts.life).not.toBe(life);
  expect([...texts.held]).toEqual(['x/2']);
  expect(shown()).toMatchObject({ 'x/1': 'one@2', 'x/3': 'drei@7' });
  tell(put('x/4', 'four', 10));
  expect(texts.life).toBe(life + 1);
});

test('snapshots and changes are one picture, and each change is told once', () => {
  const { tell, shown, changes, texts } = collection();
  expect(texts.state).toBe('syncing');
  tell(snapshot(5, 'A', ['x/1', 'one', 2], ['x/2', 'two', 3]));
  tell(put('x/3', 'three', 6));
  tell(gone('x/1', 7));
  tell(stale);
  expect(texts.state).toBe('stale');
  tell(snapshot(9, 'A', ['x/2', 'deux', 8]));
  expect(texts.state).toBe('insync');
  expect(shown()).toEqual({ 'x/2': 'deux@8' });
  expect(changes).toEqual([['x/1', 'x/2'], ['x/3'], ['x/1'], ['x/2', 'x/3']]);
});

test('a record that cannot be read is set aside: what was known stays, and a good one ends it', () => {
  const { tell, shown, texts } = collection();
  tell(snapshot(5, 'A', ['x/1', 'one', 2], ['x/2', 'bad', 3]));
  tell(put('x/1', 'bad', 6));
  expect(shown()).toEqual({ 'x/1': 'one@2' });
  expect([...texts.bad.keys()]).toEqual(['x/2', 'x/1']);
  tell(put('x/1', 'uno', 7));
  tell(gone('x/2', 8));
  expect(shown()).toEqual({ 'x/1': 'uno@7' });
  expect(texts.bad.size).toBe(0);
});

describe('a store that is not the one we knew', () => {
  test.each([
    ['with another identity', snapshot(6, 'B')],
    ['whose revision went back', snapshot(2, 'A')],
  ])('%s is not believed that keys are gone, until it says so in front of us', (_, foreign) => {
    const { tell, shown, texts } = collection();
    tell(snapshot(5, 'A', ['x/1', 'one', 2], ['x/2', 'two', 3]));
    tell(foreign);
    expect(shown()).toEqual({ 'x/1': 'one@2', 'x/2': 'two@3' });
    expect([...texts.held]).toEqual(['x/1', 'x/2']);
    tell(gone('x/1', 8));
    tell(put('x/2', 'zwei', 9));
    expect(shown()).toEqual({ 'x/2': 'zwei@9' });
    expect(texts.held.size).toBe(0);
  });

  test('a held key stays held over the next snapshot', () => {
    const { tell, shown } = collection();
    tell(snapshot(5, 'A', ['x/1', 'one', 2]));
    tell(snapshot(6, 'B'));
    tell(snapshot(7, 'B', ['x/9', 'nine', 7]));
    expect(shown()).toEqual({ 'x/1': 'one@2', 'x/9': 'nine@7' });
  });
});

describe('what an own transaction has shown', () => {
  test('is known at once, and the watch that says so later is no news', () => {
    const { tell, shown, texts, changes } = collection();
    tell(snapshot(5, 'A'));
    texts.learn('x/1', { value: 'one', revision: 7 });
    expect(shown()).toEqual({ 'x/1': 'one@7' });
    tell(put('x/1', 'one', 7));
    expect(changes).toEqual([['x/1']]);
  });

  test.each([
    ['a snapshot of before', snapshot(6, 'A')],
    ['a change of before', put('x/2', 'two', 6)],
  ])('is not undone by %s', (_, update) => {
    const { tell, shown, texts } = collection();
    tell(snapshot(5, 'A'));
    texts.learn('x/1', { value: 'one', revision: 7 });
    tell(update);
    expect(shown()).toMatchObject({ 'x/1': 'one@7' });
  });

  test('of a key that was there before is not undone by its deletion in between', () => {
    const { tell, shown, texts } = collection();
    tell(snapshot(5, 'A', ['x/1', 'one', 2]));
    texts.learn('x/1', { value: 'again', revision: 9 });
    tell(gone('x/1', 7));
    tell(put('x/1', 'again', 9));
    expect(shown()).toEqual({ 'x/1': 'again@9' });
  });

  test.each([
    ['a snapshot of after', snapshot(8, 'A')],
    ['a deletion', gone('x/1', 8)],
  ])('is undone by %s, although the watch never showed it', (_, update) => {
    const { tell, shown, texts } = collection();
    tell(snapshot(5, 'A'));
    texts.learn('x/1', { value: 'one', revision: 7 });
    tell(update);
    expect(shown()).toEqual({});
  });

  test('gives way to a later write, and takes none back', () => {
    const { tell, shown, texts } = collection();
    tell(snapshot(9, 'A', ['x/1', 'new', 8]));
    texts.learn('x/1', { value: 'old', revision: 7 });
    texts.forget('x/1', 7);
    expect(shown()).toEqual({ 'x/1': 'new@8' });
  });

  test('a deletion of ours is known at once, and what was written before it does not bring the key back', () => {
    const { tell, shown, texts } = collection();
    tell(snapshot(5, 'A', ['x/1', 'one', 2]));
    texts.forget('x/1', 7);
    expect(shown()).toEqual({});
    tell(snapshot(6, 'A', ['x/1', 'one', 6]));
    expect(shown()).toEqual({});
    tell(gone('x/1', 7));
    tell(put('x/1', 'again', 8));
    expect(shown()).toEqual({ 'x/1': 'again@8' });
  });

  test('of a store that is another one now counts no more', () => {
    const { tell, shown, texts } = collection();
    tell(snapshot(500, 'A'));
    texts.forget('x/1', 900);
    tell(snapshot(3, 'B', ['x/1', 'one', 2]));
    expect(shown()).toEqual({ 'x/1': 'one@2' });
  });
});

describe('a collection that asks whose store it is', () => {
  /** The answer is given by the test. */
  function asking() {
    let tell: WatchSink = () => undefined;
    let watches = 0;
    const questions: ((judgement: Judgement) => void)[] = [];
    const watch = (_prefix: string, sink: WatchSink) => {
      tell = sink;
      watches += 1;
      return { close: () => Promise.resolve() };
    };
    const texts = new Collection<string>('x/', (_, value) => decodeText(value), {
      store: { watch } as unknown as Store,
      judge: () => new Promise((resolve) => questions.push(resolve)),
      onChange: () => undefined,
      onState: () => undefined,
    });
    texts.start();
    const answer = async (judgement: Judgement): Promise<void> => {
      questions.pop()?.(judgement);
      await Promise.resolve();
    };
    const shown = (): readonly string[] => [...texts.records.values()].map((r) => r.value);
    return {
      texts,
      answer,
      shown,
      questions,
      watches: () => watches,
      tell: (update: WatchUpdate) => tell(update),
    };
  }

  test('takes nothing in before it knows, and everything in its order then', async () => {
    const { tell, answer, shown, texts } = asking();
    tell(snapshot(5, 'A', ['x/1', 'one', 2]));
    tell(put('x/2', 'two', 6));
    expect([shown(), texts.state]).toEqual([[], 'syncing']);
    await answer('ours');
    expect([shown(), texts.state, texts.confirmed]).toEqual([['one', 'two'], 'insync', true]);
    tell(put('x/3', 'three', 7));
    expect(shown()).toEqual(['one', 'two', 'three']);
  });

  test('asks again when contact was lost meanwhile, and loses nothing of what was said', async () => {
    const { tell, answer, shown, questions } = asking();
    tell(snapshot(5, 'A', ['x/1', 'one', 2]));
    tell(stale);
    await answer('ours');
    expect(shown()).toEqual([]);
    tell(put('x/2', 'two', 6));
    expect(questions).toHaveLength(1);
    await answer('ours');
    expect(shown()).toEqual(['one', 'two']);
  });

  test('holds what a store that lost something does not name, and gives it up when told to', async () => {
    const { tell, answer, shown, texts } = asking();
    tell(snapshot(5, 'A', ['x/1', 'one', 2], ['x/2', 'two', 3]));
    await answer('ours');
    tell(snapshot(9, 'A', ['x/1', 'uno', 8]));
    await answer('lost');
    expect([shown(), [...texts.held]]).toEqual([['uno', 'two'], ['x/2']]);
    const kept = texts.remember();
    expect([kept?.held, [...(kept?.entries ?? [])].map((e) => e.key)]).toEqual([['x/2'], ['x/1', 'x/2']]);
    expect(texts.release()).toEqual(['x/2']);
    expect(shown()).toEqual(['uno']);
  });

  test('takes nothing from a foreign store, ends its watch, and begins anew with the next one', async () => {
    const { tell, answer, shown, texts, watches } = asking();
    tell(snapshot(5, 'A', ['x/1', 'one', 2]));
    await answer('ours');
    tell(snapshot(6, 'B', ['x/1', 'theirs', 6]));
    await answer('foreign');
    expect([shown(), texts.state]).toEqual([['one'], 'stale']);
    texts.start();
    expect(watches()).toBe(2);
    tell(snapshot(7, 'A', ['x/1', 'uno', 7]));
    await answer('ours');
    expect([shown(), texts.state, texts.held.size]).toEqual([['uno'], 'insync', 0]);
  });

  test('restored, it is stale with what was known, and a held key is held still', async () => {
    const { tell, answer, shown, texts } = asking();
    texts.restore({
      prefix: 'x/',
      identity: 'A',
      revision: 5,
      entries: [entry('x/1', 'one', 2), entry('x/2', 'two', 3)],
      held: ['x/2'],
    });
    expect([shown(), texts.state, texts.confirmed]).toEqual([['one', 'two'], 'stale', false]);
    tell(snapshot(5, 'A'));
    await answer('ours');
    expect([shown(), [...texts.held]]).toEqual([['two'], ['x/2']]);
  });
});
