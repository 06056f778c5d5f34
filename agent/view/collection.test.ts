import { describe, expect, test } from '@jest/globals';
import type { Store, WatchSink, WatchUpdate } from '../../kvstore/store.ts';
import { decodeText, encodeText } from '../../kvstore/store.ts';
import { WeftError } from '../../model/errors.ts';
import { Collection } from './collection.ts';

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
