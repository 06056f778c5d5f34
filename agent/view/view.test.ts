import { expect, test } from '@jest/globals';
import { FakeStore } from '../../kvstore/fake-store.ts';
import { decodeText, type Entry, type Store, type Watch, type WatchSink } from '../../kvstore/store.ts';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import type { NetworkId } from '../../model/network.ts';
import { View } from './view.ts';

/** A store whose snapshot holds this, and that keeps no memory of its own. */
const saying = (...entries: readonly Entry[]): Store =>
  Object.assign(new FakeStore({ clock: new FakeClock() }), {
    watch: (prefix: string, sink: WatchSink): Watch => {
      const told = entries.filter(({ key }) => key.startsWith(prefix));
      sink({ kind: 'snapshot', revision: 9, identity: 'one', entries: told });
      return { close: () => Promise.resolve() };
    },
  });

test('a wish that is kept has bytes of its own', () => {
  const answer = Buffer.from('{"subnets":[]} and what else was listed');
  const entry = { key: 'networks/blue', value: new Uint8Array(answer.buffer, answer.byteOffset, 14) };
  const view = new View(saying({ ...entry, revision: 3, created: 3 }), new FakeClock());
  view.start();
  const kept = view.wishes.get('networks/blue')?.value;
  expect(decodeText(kept!)).toBe('{"subnets":[]}');
  expect(kept!.buffer.byteLength).toBe(14);
});

test('since when the view is in sync is not a matter of the networks that were joined later', async () => {
  const clock = new FakeClock();
  const store = new FakeStore({ clock });
  const view = new View(store, clock);
  expect(view.since).toBeUndefined();
  view.start();
  await clock.advance(10);
  expect(view.state).toBe('insync');
  const { since } = view;
  await clock.advance(5000);
  const blue = view.join('00000000000000b1' as NetworkId);
  await clock.advance(10);
  expect([blue.state, view.since]).toEqual(['insync', since]);
  const lost = clock.wall();
  store.goAway();
  await clock.advance(5000);
  expect([view.state, view.trouble]).toEqual(['stale', 'the fake store is away on demand']);
  expect(view.since).toBeLessThan(lost + 5000);
  expect(view.since).toBeGreaterThanOrEqual(lost);
  store.comeBack();
  await clock.advance(10);
  expect([view.state, view.trouble]).toEqual(['insync', undefined]);
  await view.close();
  await store.close();
});

test('a network that is joined costs one watch; what nodes ask each other is one watch for all of them', async () => {
  const store = new FakeStore({ clock: new FakeClock() });
  const watched: string[] = [];
  const watch = store.watch.bind(store);
  store.watch = (prefix, sink) => {
    watched.push(prefix);
    return watch(prefix, sink);
  };
  const view = new View(store, new FakeClock());
  view.start();
  expect(watched.filter((prefix) => prefix === 'waits/')).toHaveLength(1);
  const before = watched.length;
  for (let n = 0; n < 50; n += 1) view.join(`00000000000000${10 + n}` as NetworkId);
  expect(watched.length - before).toBe(50);
  await view.close();
  await store.close();
});
