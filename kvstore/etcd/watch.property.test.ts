import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Entry, Revision, WatchUpdate } from '../store.ts';
import type { Truth } from './list.ts';
import type { WatchEvent } from './watch-events.ts';
import { next, start, type Reaction, type WatchInput, type WatchState } from './watch.machine.ts';

type State = ReadonlyMap<string, Entry>;

/** An etcd server in memory: every revision's state and events. */
class Server {
  life = 0;
  revision = 1;
  compacted = 0;
  states = new Map<Revision, State>([[1, new Map()]]);
  events: WatchEvent[] = [];

  write(keys: readonly string[], deletes: boolean): void {
    const before = this.states.get(this.revision)!;
    const revision = this.revision + 1;
    const after = new Map(before);
    const made: WatchEvent[] = [];
    for (const key of keys) {
      if (deletes) {
        if (!after.delete(key)) continue;
        made.push({ key, revision, exists: false, change: { kind: 'delete', key } });
      } else {
        const created = before.get(key)?.created ?? revision;
        const entry = { key, value: Uint8Array.of(revision % 256), revision, created };
        after.set(key, entry);
        made.push({ key, revision, exists: true, change: { kind: 'put', entry } });
      }
    }
    if (made.length === 0) return;
    this.revision = revision;
    this.states.set(revision, after);
    this.events.push(...made);
  }

  wipe(): void {
    this.life += 1;
    this.revision = 1;
    this.compacted = 0;
    this.states = new Map([[1, new Map()]]);
    this.events = [];
  }

  truth(): Truth {
    const entries = [...this.states.get(this.revision)!.values()];
    return { revision: this.revision, identity: 'the same in every life', entries };
  }
}

/** One watch on that server: runs the machine, and a test decides what arrives when. */
class Harness {
  readonly server = new Server();
  readonly updates: WatchUpdate[] = [];
  told = new Map<string, Entry>();
  state: WatchState = start.state;
  #listing: Truth | 'asked' | undefined;
  #stream: { from: Revision; opened: boolean; readonly life: number } | undefined;
  #timer = false;

  constructor() {
    this.#perform(start);
  }

  /** The server answers the listing; the answer is under way until the next call. */
  list(): void {
    if (this.#listing === 'asked') this.#listing = this.server.truth();
    else if (this.#listing !== undefined) {
      const truth = this.#listing;
      this.#listing = undefined;
      this.#input({ kind: 'listed', truth });
    }
  }

  failList(): void {
    if (this.#listing === undefined) return;
    this.#listing = undefined;
    this.#input({ kind: 'list-failed', error: new Error('away') });
  }

  /** At most so many revisions arrive. With `lose`, the server forgets to send the first one. */
  deliver(revisions: number, lose = false): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    if (!stream.opened) {
      stream.opened = true;
      this.#input({ kind: 'opened' });
      return;
    }
    if (stream.life !== this.server.life) return;
    if (stream.from <= this.server.compacted) return this.#input({ kind: 'compacted' });
    const pending = [...new Set(this.server.events.map((e) => e.revision))].filter((r) => r >= stream.from);
    const now = pending.slice(0, revisions);
    const last = now.at(-1);
    if (last === undefined) return;
    stream.from = last + 1;
    const sent = lose ? now.slice(1) : now;
    if (sent.length > 0) {
      this.#input({ kind: 'events', events: this.server.events.filter((e) => sent.includes(e.revision)) });
    }
  }

  break(): void {
    if (this.#stream !== undefined) this.#input({ kind: 'broken', error: new Error('cut') });
  }

  tick(): void {
    if (!this.#timer) return;
    this.#timer = false;
    this.#input({ kind: 'timer' });
  }

  /** Everything that is under way arrives, and one comparison is made after that. */
  settle(): void {
    if (this.#stream?.life !== this.server.life) this.break();
    for (let n = 0; n < 40; n += 1) {
      this.list();
      this.deliver(1000);
      if (n % 5 === 4) this.tick();
    }
  }

  #input(input: WatchInput): void {
    this.#perform(next(this.state, input));
  }

  #perform({ state, effects }: Reaction): void {
    this.state = state;
    for (const effect of effects) {
      if (effect.kind === 'tell') this.#tell(effect.update);
      else if (effect.kind === 'list') this.#listing = 'asked';
      else if (effect.kind === 'drop') this.#stream = undefined;
      else if (effect.kind === 'wake') this.#timer = true;
      else this.#stream = { from: effect.from, opened: false, life: this.server.life };
    }
  }

  #tell(update: WatchUpdate): void {
    this.updates.push(update);
    if (update.kind === 'snapshot') this.told = new Map(update.entries.map((e) => [e.key, e]));
    if (update.kind !== 'changes') return;
    for (const change of update.changes) {
      if (change.kind === 'put') this.told.set(change.entry.key, change.entry);
      else this.told.delete(change.key);
    }
  }
}

type Action = readonly [name: keyof typeof actions, size: number];
const actions = {
  write: (h: Harness, n: number) => h.server.write(keysOf(n), false),
  erase: (h: Harness, n: number) => h.server.write(keysOf(n), true),
  list: (h: Harness) => h.list(),
  failList: (h: Harness) => h.failList(),
  deliver: (h: Harness, n: number) => h.deliver(1 + (n % 3)),
  break: (h: Harness) => h.break(),
  tick: (h: Harness) => h.tick(),
  compact: (h: Harness) => (h.server.compacted = h.server.revision),
  lose: (h: Harness, n: number) => h.deliver(1 + (n % 2), true),
  wipe: (h: Harness) => h.server.wipe(),
};
const keysOf = (n: number): readonly string[] =>
  [`k${n % 5}`, `k${(n + 2) % 5}`, `k${n % 3}x`].slice(0, 1 + (n % 3));
const someOf = (...names: (keyof typeof actions)[]): fc.Arbitrary<Action[]> =>
  fc.array(fc.tuple(fc.constantFrom(...names), fc.nat(30)), { maxLength: 60 });
const honest = [
  'write',
  'erase',
  'list',
  'failList',
  'deliver',
  'break',
  'tick',
  'compact',
  'write',
] as const;
const sorted = (state: State): unknown => [...state.values()].sort((a, b) => (a.key < b.key ? -1 : 1));

test('after every update the watcher holds the state of that revision, whole, and revisions only grow', () => {
  fc.assert(
    fc.property(someOf(...honest), (script) => {
      const h = new Harness();
      let revision = 0;
      for (const [name, size] of script) {
        const before = h.updates.length;
        actions[name](h, size);
        for (const update of h.updates.slice(before)) {
          if (update.kind === 'stale') continue;
          expect(update.revision).toBeGreaterThanOrEqual(revision);
          ({ revision } = update);
        }
        if (revision > 0) expect(sorted(h.told)).toEqual(sorted(h.server.states.get(revision)!));
      }
    }),
    { numRuns: 1500 },
  );
});

test('whatever was cut, compacted, lost by the server or wiped: in the end the watcher holds the truth', () => {
  fc.assert(
    fc.property(someOf(...honest, 'lose', 'wipe'), (script) => {
      const h = new Harness();
      for (const [name, size] of script) actions[name](h, size);
      h.settle();
      expect(h.state.phase).toMatch(/following|checking/);
      expect(sorted(h.told)).toEqual(sorted(h.server.states.get(h.server.revision)!));
    }),
    { numRuns: 1500 },
  );
});

test('the first update that is not stale is a snapshot, and stale is said once per outage', () => {
  fc.assert(
    fc.property(someOf(...honest), (script) => {
      const h = new Harness();
      for (const [name, size] of script) actions[name](h, size);
      const kinds = h.updates.map((u) => u.kind);
      expect([undefined, 'snapshot']).toContain(kinds.find((kind) => kind !== 'stale'));
      expect(kinds.join(' ')).not.toContain('stale stale');
    }),
    { numRuns: 500 },
  );
});
