import { expect, test } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import type { IEvent, IWatchRequest, IWatchResponse } from 'etcd3/lib/rpc.js';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import type { Duplex } from './channel.ts';
import type { StatusError } from './errors.ts';
import { KeySpace } from './key-space.ts';
import { WatchStreams, type Subscriber, type WatchServer } from './watch-streams.ts';

/** The server's side of one stream. */
class FakeDuplex implements Duplex<IWatchRequest, IWatchResponse> {
  readonly requests: IWatchRequest[] = [];
  cancelled = false;
  readonly #takers = new Map<string, (value: never) => void>();

  write(request: IWatchRequest): void {
    this.requests.push(request);
  }
  end(): void {}
  cancel(): void {
    this.cancelled = true;
  }
  on(event: string, take: (value: never) => void): void {
    this.#takers.set(event, take);
  }
  answer(watch: string, response: Partial<IWatchResponse>): void {
    const whole = { watch_id: watch, events: [], compact_revision: '0', cancel_reason: '', ...response };
    this.#takers.get('data')?.(whole as never);
  }
  fail(error: StatusError): void {
    this.#takers.get('error')?.(error as never);
  }
}

class World {
  readonly clock = new FakeClock();
  readonly duplexes: FakeDuplex[] = [];
  readonly failed: string[] = [];
  readonly left = new AbortController();
  readonly said: string[] = [];
  readonly space = new KeySpace('weft/');
  readonly server: WatchServer = {
    address: 's1:2379',
    watch: async () => {
      const duplex = new FakeDuplex();
      this.duplexes.push(duplex);
      return duplex;
    },
  };
  readonly login = {
    generation: 0,
    drop(generation: number): void {
      if (generation === this.generation) this.generation += 1;
    },
  };
  readonly streams = new WatchStreams({
    login: this.login,
    space: this.space,
    clock: this.clock,
    calls: {
      channel: this.server,
      left: this.left.signal,
      failed: (server) => this.failed.push(server.address),
    },
  });

  open(name: string, from = 7): { close(): void } {
    const say = (what: string): void => void this.said.push(`${name} ${what}`);
    const subscriber: Subscriber = {
      opened: () => say('opened'),
      events: (events) => say(events.map((e) => `${e.exists ? '' : '-'}${e.key}@${e.revision}`).join(' ')),
      compacted: () => say('compacted'),
      broken: (error) => say(`broken ${(error as unknown as { code: string }).code}`),
    };
    return this.streams.open(this.space.range(`${name}/`), from, subscriber);
  }
}

const event = (key: string, revision: number, type: 'Put' | 'Delete' = 'Put'): IEvent => {
  const [name, text] = [Buffer.from(`weft/${key}`), String(revision)];
  return {
    type,
    kv: {
      key: name,
      mod_revision: text,
      create_revision: text,
      version: '1',
      value: Buffer.of(1),
      lease: '0',
    },
  } as IEvent;
};

/** Two watches on one stream, answered as 11 and 12. */
async function twoWatches(): Promise<{ world: World; duplex: FakeDuplex; a: { close(): void } }> {
  const world = new World();
  const a = world.open('a');
  world.open('b');
  await turn();
  const duplex = world.duplexes[0]!;
  duplex.answer('11', { created: true });
  duplex.answer('12', { created: true });
  expect(world.said.splice(0)).toEqual(['a opened', 'b opened']);
  return { world, duplex, a };
}

test('many watches are asked for on one stream, each from its revision, and get their own events', async () => {
  const { world, duplex } = await twoWatches();
  expect(world.duplexes.length).toBe(1);
  expect(duplex.requests.map((r) => r.create_request)).toMatchObject([
    { key: Buffer.from('weft/a/'), range_end: Buffer.from('weft/a0'), start_revision: 7, fragment: true },
    { key: Buffer.from('weft/b/'), range_end: Buffer.from('weft/b0'), start_revision: 7, fragment: true },
  ]);
  duplex.answer('12', { events: [event('b/x', 8), event('b/y', 8, 'Delete')] });
  duplex.answer('11', { events: [event('a/x', 9)] });
  expect(world.said).toEqual(['b b/x@8 -b/y@8', 'a a/x@9']);
});

test('the parts of an answer are joined, also when those of another watch come between', async () => {
  const { world, duplex } = await twoWatches();
  duplex.answer('11', { events: [event('a/x', 8)], fragment: true });
  duplex.answer('12', { events: [event('b/x', 8)] });
  duplex.answer('11', { events: [event('a/y', 8)], fragment: true });
  duplex.answer('11', { events: [event('a/z', 8)] });
  duplex.answer('11', { events: [event('a/x', 9)] });
  expect(world.said).toEqual(['b b/x@8', 'a a/x@8 a/y@8 a/z@8', 'a a/x@9']);
});

test('the end of the stream is the end of all its watches, and the next one opens another', async () => {
  const { world, duplex } = await twoWatches();
  world.open('c');
  duplex.fail({ code: 14, details: 'gone' });
  duplex.answer('11', { events: [event('a/x', 9)] });
  const unavailable = 'broken STORE_UNAVAILABLE';
  expect(world.said).toEqual([`a ${unavailable}`, `b ${unavailable}`, `c ${unavailable}`]);
  expect([world.failed, duplex.cancelled]).toEqual([['s1:2379'], true]);
  world.open('a');
  await turn();
  expect(world.duplexes.length).toBe(2);
});

test('a wish that is not answered in time is the end of the stream', async () => {
  const { world } = await twoWatches();
  world.open('c');
  await world.clock.advance(4999);
  expect(world.said).toEqual([]);
  await world.clock.advance(1);
  expect(world.said.length).toBe(3);
  await world.clock.advance(60_000);
  expect(world.said.length).toBe(3);
});

test('one watch is ended by the server: the others stay', async () => {
  const { world, duplex } = await twoWatches();
  world.open('c');
  duplex.answer('11', { canceled: true, compact_revision: '40' });
  duplex.answer('-1', { created: true, canceled: true, cancel_reason: 'permission denied' });
  duplex.answer('12', { events: [event('b/x', 9)] });
  expect(world.said).toEqual(['a compacted', 'c broken STORE_DENIED', 'b b/x@9']);
});

test('a closed watch is cancelled at the server, before it was answered or after, and hears nothing', async () => {
  const { world, duplex, a } = await twoWatches();
  a.close();
  world.open('c').close();
  duplex.answer('11', { events: [event('a/x', 9)] });
  duplex.answer('13', { created: true });
  duplex.answer('13', { events: [event('c/x', 9)] });
  duplex.fail({ code: 14, details: 'gone' });
  expect(duplex.requests.flatMap((r) => r.cancel_request?.watch_id ?? [])).toEqual(['11', '13']);
  expect(world.said).toEqual(['b broken STORE_UNAVAILABLE']);
});

test('closing ends the stream, and nobody is told', async () => {
  const { world, duplex } = await twoWatches();
  world.streams.close();
  expect([duplex.cancelled, world.clock.pending]).toEqual([true, 0]);
  world.open('c');
  await turn();
  expect([world.said, world.duplexes.length]).toEqual([[], 1]);
});

test('after another login the watches that are on stay where they are, and new ones get a stream with the new login', async () => {
  const world = new World();
  const a = world.open('a');
  await turn();
  world.duplexes[0]?.answer('1', { created: true });
  world.login.drop(0);
  world.open('b');
  await turn();
  world.duplexes[1]?.answer('1', { created: true });
  world.duplexes[0]?.answer('1', { events: [event('a/x', 9)] });
  world.duplexes[1]?.answer('1', { events: [event('b/x', 10)] });
  expect(world.said).toEqual(['a opened', 'b opened', 'a a/x@9', 'b b/x@10']);
  expect(world.duplexes.map((each) => each.cancelled)).toEqual([false, false]);
  a.close();
  expect(world.duplexes.map((each) => each.cancelled)).toEqual([true, false]);
});

test('a watch that is refused brings about another login; the others on its stream stay', async () => {
  const world = new World();
  world.open('a');
  world.open('b');
  await turn();
  world.duplexes[0]?.answer('1', { created: true });
  world.duplexes[0]?.answer('2', { created: true, canceled: true, cancel_reason: 'permission denied' });
  expect(world.said).toEqual(['a opened', 'b broken STORE_DENIED']);
  expect(world.login.generation).toBe(1);
  world.open('b');
  await turn();
  world.duplexes[1]?.answer('1', { created: true });
  world.duplexes[0]?.answer('1', { events: [event('a/x', 9)] });
  expect(world.said.slice(2)).toEqual(['b opened', 'a a/x@9']);
  world.streams.close();
  expect(world.duplexes.map((each) => each.cancelled)).toEqual([true, true]);
});

test('a stream ends at once when its server was left: it would notice much later by itself', async () => {
  const { world, duplex } = await twoWatches();
  world.left.abort(new Error('left for s2:2379: silent'));
  expect(world.said).toEqual(['a broken STORE_UNAVAILABLE', 'b broken STORE_UNAVAILABLE']);
  expect(duplex.cancelled).toBe(true);
});
