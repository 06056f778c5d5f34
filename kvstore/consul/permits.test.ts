import { beforeEach, expect, test } from '@jest/globals';
import type { Calls } from './calls.ts';
import type { Channel, Permit } from './channel.ts';
import { demandGone } from './gone.ts';
import { KeySpace } from './key-space.ts';
import { Permits, type Reader } from './permits.ts';

const space = new KeySpace('weft/v1/');
/** Refused prefixes, and how many were asked about in each question. */
let refused: ReadonlySet<string>;
let asked: number[];
let permits: Permits;
let told: string[];

const callsTo = (channel: Partial<Channel>): Calls =>
  ({
    repeatable: async (_: string, call: (to: Channel) => Promise<unknown>) => await call(channel as Channel),
  }) as unknown as Calls;

beforeEach(() => {
  refused = new Set();
  asked = [];
  told = [];
  const answer = async (prefixes: readonly string[]): Promise<readonly Permit[]> => {
    asked.push(prefixes.length);
    return prefixes.map((prefix) => (refused.has(prefix) ? 'none' : 'perhaps'));
  };
  permits = new Permits(callsTo({ permits: answer }), space);
});

const reader = (name: string, ...prefixes: readonly string[]): Reader => ({
  prefixes,
  permitted: (refusal) => void told.push(`${name}: ${refusal?.message ?? 'all'}`),
});

test('a prefix that may not be read is refused by its name', async () => {
  refused = new Set(['weft/v1/nodes/']);
  await permits.demand(['net/', 'alive/']);
  await expect(permits.demand(['net/', 'nodes/'])).rejects.toMatchObject({
    code: 'STORE_DENIED',
    message: 'cannot read weft/v1/nodes/: Consul answers: the token may not read there',
    details: { prefix: 'weft/v1/nodes/' },
  });
});

test('readers hear of a refusal once, and once of its end; nobody is awaited when its reader has gone', async () => {
  permits.register(reader('nets', 'net/', 'net/5/'));
  permits.register(reader('nodes', 'nodes/'));
  await permits.review();
  refused = new Set(['weft/v1/net/5/']);
  await permits.review();
  await permits.review();
  const why = 'nets: cannot read weft/v1/net/5/: Consul answers: the token may not read there';
  expect([told, permits.isAwaited]).toEqual([[why], true]);
  refused = new Set();
  await permits.review();
  await permits.review();
  expect([told, permits.isAwaited]).toEqual([[why, 'nets: all'], false]);
  refused = new Set(['weft/v1/nodes/']);
  const nodes = reader('other nodes', 'nodes/');
  permits.register(nodes);
  await permits.review();
  permits.forget(nodes);
  expect([told.slice(2), permits.isAwaited]).toEqual([
    ['nodes', 'other nodes'].map((name) => expect.stringContaining(`${name}: cannot read`)),
    true,
  ]);
});

test('many prefixes are asked about in few questions, each once; nothing is asked for nobody', async () => {
  await permits.review();
  expect(asked).toEqual([]);
  permits.register(reader('many', ...Array.from({ length: 70 }, (_, n) => `net/${n}/`)));
  permits.register(reader('one of them', 'net/3/'));
  refused = new Set(['weft/v1/net/69/']);
  await permits.review();
  expect([asked, told]).toEqual([
    [32, 32, 6],
    [expect.stringContaining('many: cannot read weft/v1/net/69/')],
  ]);
});

test('missing keys are asked for by name, many at once; only what is not surely gone one by one', async () => {
  const present = new Set(['weft/v1/k70']);
  const got: string[] = [];
  const calls = callsTo({
    txn: async (ops) => ({
      ok: false,
      errors: ops.map(({ Key }, at) => ({
        at,
        what: present.has(Key) ? 'current modify index 7 != 1' : `key "${Key}" doesn't exist`,
      })),
    }),
    get: async (key) => {
      got.push(key);
      return present.has(key) ? { Key: key, Value: null, CreateIndex: 1, ModifyIndex: 7 } : undefined;
    },
  });
  const keys = Array.from({ length: 130 }, (_, n) => `k${n}`);
  const there = { code: 'STORE_UNAVAILABLE', message: 'weft/v1/k70 is there, and was not listed' };
  await expect(demandGone({ calls, space }, keys, {})).rejects.toMatchObject(there);
  expect(got).toEqual(['weft/v1/k70']);
  present.clear();
  await demandGone({ calls, space }, keys, {});
});

test('a refusal that says nothing of a key proves nothing: it is asked for by itself', async () => {
  const got: string[] = [];
  const calls = callsTo({
    txn: async () => ({ ok: false, errors: [{ at: 1, what: 'Permission denied' }] }),
    get: async (key) => {
      got.push(key);
      return undefined;
    },
  });
  await demandGone({ calls, space }, ['a', 'b'], {});
  expect(got).toEqual(['weft/v1/a', 'weft/v1/b']);
});
