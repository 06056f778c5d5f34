import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { endpointClaims } from '../../ipam/claims.ts';
import { FakeStore } from '../../kvstore/fake-store.ts';
import { keys } from '../../kvstore/keys.ts';
import { encodeText, type Op } from '../../kvstore/store.ts';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import { checkAddresses, fixAddresses } from './check.ts';
import {
  belowNetworks,
  blue,
  endpointIn,
  ghostClaim,
  red,
  reservationIn,
  vnisOf,
  wholeStore,
  type Content,
} from './testing/content.ts';

/** Numbers of a network's endpoints, and those that are reserved. */
const members = fc
  .uniqueArray(fc.integer({ min: 10, max: 40 }), { maxLength: 10, size: 'max' })
  .chain((all) => fc.record({ all: fc.constant(all), split: fc.nat(all.length) }));

const contents: fc.Arbitrary<Content> = fc.tuple(members, members).map(([inBlue, inRed]) => ({
  networks: [blue, red],
  endpoints: [
    ...inBlue.all.slice(0, inBlue.split).map((n) => endpointIn(blue, n)),
    ...inRed.all.slice(0, inRed.split).map((n) => endpointIn(red, n)),
  ],
  reservations: [
    ...inBlue.all.slice(inBlue.split).map((n) => reservationIn(blue, n)),
    ...inRed.all.slice(inRed.split).map((n) => reservationIn(red, n)),
  ],
}));

/** What somebody, or a bug, has done to a store. */
type Damage =
  /** The key of this rank, of all that there are, is deleted. */
  | { readonly kind: 'lost'; readonly rank: number }
  /** The claim of this rank names somebody who is not there, or who has something else. */
  | { readonly kind: 'wrong'; readonly rank: number; readonly ghost: boolean }
  /** A VNI is claimed by somebody: a network that has another one, or that is not there. */
  | { readonly kind: 'vni'; readonly vni: number; readonly by: string }
  /** Claims without a holder, in a network that is there or is not. */
  | { readonly kind: 'stray'; readonly n: number; readonly network: 'blue' | 'red' };

const damages: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constant('lost' as const), rank: fc.nat() }),
  fc.record({ kind: fc.constant('wrong' as const), rank: fc.nat(), ghost: fc.boolean() }),
  fc.record({
    kind: fc.constant('vni' as const),
    vni: fc.constantFrom<number>(blue.vni, red.vni, red.vni + 1),
    by: fc.constantFrom<string>(blue.id, red.id, 'dead000000000009', '?'),
  }),
  fc.record({
    kind: fc.constant('stray' as const),
    n: fc.integer({ min: 50, max: 60 }),
    network: fc.constantFrom('blue' as const, 'red' as const),
  }),
);

function damage(held: Map<string, Uint8Array>, done: Damage): void {
  if (done.kind === 'stray') {
    const stray = endpointIn(done.network === 'blue' ? blue : red, done.n);
    for (const { key } of endpointClaims(stray)) held.set(key, ghostClaim());
    return;
  }
  if (done.kind === 'vni') {
    held.set(keys.vni(done.vni), encodeText(done.by));
    return;
  }
  const claims = [...held.keys()].filter((key) => key.includes('/claim/')).toSorted();
  if (done.kind === 'wrong') {
    const key = claims[done.rank % claims.length];
    const others = [...held].filter(([k]) => isOther(k, key)).map(([, value]) => value);
    if (key === undefined || others.length === 0) return;
    held.set(key, done.ghost ? ghostClaim() : others[done.rank % others.length]!);
    return;
  }
  const all = [...held.keys()]
    .filter((key) => key !== keys.networkAccept && key !== 'somebody/else')
    .toSorted();
  const key = all[done.rank % all.length];
  if (key !== undefined) held.delete(key);
}

/**
 * Is it a claim whose record says something else where the other one is? A reservation of the same name in another network would be
 * one there too, with addresses that nobody can have.
 */
const isOther = (key: string, wrong = ''): boolean =>
  key.includes('/claim/') &&
  key !== wrong &&
  key.replace(/^net\/[^/]+/, '') !== wrong.replace(/^net\/[^/]+/, '');

/** What should be there after all that has happened: of what has lost its network, its record or its name, nothing. */
function remains(
  { networks, endpoints, reservations }: Content,
  held: ReadonlyMap<string, Uint8Array>,
): Content {
  const asWritten = belowNetworks({ networks, endpoints, reservations });
  return {
    networks: networks.filter(({ name }) => held.has(keys.networkState(name))),
    endpoints: endpoints.filter(({ network, id }) => held.has(keys.endpoint(network, id))),
    reservations: reservations.filter(({ network, name }) => {
      const key = keys.nameClaim(network, name);
      return same(held.get(key), asWritten.get(key));
    }),
  };
}

/** Is it what `weft ip check` looks at? */
const isChecked = (key: string): boolean => /^(net|vnis)\//.test(key);

const same = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;

test('whatever was damaged: after --fix nothing is found, what has its holder is right, and nothing else was written', async () => {
  await fc.assert(
    fc.asyncProperty(contents, fc.array(damages, { maxLength: 8, size: 'max' }), async (content, done) => {
      const store = new FakeStore({ clock: new FakeClock() });
      const held = wholeStore(content);
      for (const each of done) damage(held, each);
      const puts = Array.from(held, ([key, value]): Op => ({ kind: 'put', key, value }));
      for (const put of puts) await store.txn([], [put]);
      const before = new Map((await store.list('')).entries.map((e) => [e.key, e]));
      const remaining = remains(content, held);
      const right = new Map([...belowNetworks(remaining), ...vnisOf(remaining.networks)]);
      const signal = new AbortController().signal;

      const seen = await checkAddresses({ store, signal });
      const isHealthy = [...held].every(([key, value]) => !isChecked(key) || same(right.get(key), value));
      const isWhole = isHealthy && [...right.keys()].every((key) => held.has(key));
      expect(seen.findings.length === 0).toBe(isWhole);

      const fixed = await fixAddresses({ store, signal, guards: [] });
      expect(fixed.findings.filter(({ mend }) => mend !== 'mended')).toEqual([]);
      expect((await checkAddresses({ store, signal })).findings).toEqual([]);

      const after = (await store.list('')).entries;
      const below = after.filter(({ key }) => isChecked(key));
      expect(below.map(({ key }) => key)).toEqual([...right.keys()].toSorted());
      for (const { key, value, revision } of after) {
        const wanted = right.get(key) ?? held.get(key);
        expect([key, same(value, wanted)]).toEqual([key, true]);
        // What was right was not touched.
        if (same(held.get(key), wanted)) expect([key, revision]).toEqual([key, before.get(key)?.revision]);
      }
      await store.close();
    }),
    { numRuns: 150 },
  );
});
