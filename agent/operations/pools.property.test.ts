import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { naivePool, smallSubnets } from '../../ipam/testing/naive-pool.ts';
import { keys } from '../../kvstore/keys.ts';
import { asWeftError } from '../../model/errors.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { Ip } from '../../model/ip.ts';
import type { Network, Subnet } from '../../model/network.ts';
import type { NodeId } from '../../model/node.ts';
import { overlaps, prefixFamily } from '../../model/prefix.ts';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import { endpoint, network } from '../../vxlan/testing/builders.ts';
import type { View, ViewListener } from '../view/view.ts';
import type { Choice } from './choice.ts';
import { Pools } from './pools.ts';

const node = 'aaaa000000000001' as NodeId;
const rest = 60_000;

/** What happens to a pool; `which` is counted among those that are there. */
type Event =
  /** An attach begins and chooses. */
  | { readonly kind: 'choose' }
  /** Its transaction is refused, since somebody unknown has the address, and it chooses again. */
  | { readonly kind: 'refused'; readonly which: number }
  /** It is written, and the view shows it. */
  | { readonly kind: 'written'; readonly which: number }
  | { readonly kind: 'given up'; readonly which: number }
  /** An endpoint goes, as the view shows. */
  | { readonly kind: 'gone'; readonly which: number }
  | { readonly kind: 'time'; readonly ms: number };

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ kind: 'choose' } as const) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('refused' as const, 'written' as const, 'given up' as const, 'gone' as const),
      which: fc.nat(20),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.nat(2 * rest) }),
  },
);

/** A pool and what a list of all its addresses says of it. */
class Twin {
  readonly free: readonly Ip[];
  readonly #clock = new FakeClock();
  readonly #records = new Map<string, { readonly value: Endpoint; readonly revision: number }>();
  readonly #listeners: ViewListener[] = [];
  readonly #pools: Pools;
  readonly #network: Network;
  readonly #subnets: readonly Subnet[];
  readonly #attaches: { readonly choice: Choice; readonly refused: Set<Ip> }[] = [];
  readonly #endpoints: Endpoint[] = [];
  readonly #resting = new Map<Ip, number>();
  /** Whom a refusal has shown to have a holder, and who was not chosen since. */
  readonly #taken = new Set<Ip>();
  #count = 0;

  constructor(subnets: readonly Subnet[]) {
    this.#subnets = subnets;
    this.free = subnets.flatMap(freeOf);
    this.#network = network({ subnets });
    const held = { records: this.#records, get: (key: string) => this.#records.get(key) };
    const view = { endpoints: () => held, listen: (l: ViewListener) => void this.#listeners.push(l) };
    this.#pools = new Pools({ view: view as unknown as View, clock: this.#clock, rest });
    // It listens from its first choice on.
    this.#pools.begin(this.#network.id, '/first')[Symbol.dispose]();
  }

  async happen(what: Event): Promise<void> {
    if (what.kind === 'time') return this.#clock.advance(what.ms);
    if (what.kind === 'choose') {
      this.#attaches.push({ choice: this.#pools.begin(this.#network.id, '/c'), refused: new Set() });
      this.#choose(this.#attaches.length - 1);
      return;
    }
    if (what.kind === 'gone') {
      const [gone] = this.#endpoints.splice(what.which % Math.max(1, this.#endpoints.length), 1);
      if (gone === undefined) return;
      this.#records.delete(keys.endpoint(gone.network, gone.id));
      this.#tell(gone);
      for (const ip of gone.addresses) this.#resting.set(ip, this.#clock.monotonic() + rest);
      return;
    }
    if (this.#attaches.length === 0) return;
    const which = what.which % this.#attaches.length;
    const attach = this.#attaches[which]!;
    const [ip] = attach.choice.addresses;
    if (what.kind === 'refused' && ip !== undefined) {
      attach.choice.refuse(ip);
      attach.refused.add(ip);
      this.#taken.add(ip);
      this.#choose(which);
      return;
    }
    if (what.kind === 'written' && ip !== undefined) {
      this.#count += 1;
      const value = endpoint(this.#count, { network: this.#network.id, addresses: [ip] });
      this.#endpoints.push(value);
      this.#records.set(keys.endpoint(value.network, value.id), { value, revision: this.#count });
      this.#tell(value);
    }
    this.#end(which);
  }

  #tell({ network: id, id: one }: Endpoint): void {
    for (const listener of this.#listeners) listener.endpoints?.(id, new Set([one]));
  }

  #end(which: number): void {
    this.#attaches.splice(which, 1)[0]?.choice[Symbol.dispose]();
  }

  #choose(which: number): void {
    const { choice, refused } = this.#attaches[which]!;
    const others = this.#attaches.filter((_, n) => n !== which).flatMap((a) => a.choice.addresses);
    const had = this.#endpoints.flatMap((e) => e.addresses);
    const unheld = this.free.filter((ip) => !others.includes(ip) && !had.includes(ip));
    const now = this.#clock.monotonic();
    const isFresh = (ip: Ip): boolean => (this.#resting.get(ip) ?? 0) <= now && !this.#taken.has(ip);
    const fresh = unheld.filter(isFresh);
    // What rests, and what was refused to somebody else, is taken when nothing else is free.
    const first = this.#subnets.map((s) => freeOf(s).filter((ip) => fresh.includes(ip))).find(isFilled);
    const possible = first ?? unheld.filter((ip) => !refused.has(ip));
    const answer = answerOf(() => choice.choose(this.#network, [{ anyOf: this.#subnets }], node)[0]!);
    if (possible.length === 0) {
      expect(answer).toBe('POOL_EXHAUSTED');
      this.#end(which);
      return;
    }
    expect(possible).toContain(answer);
    this.#resting.delete(answer as Ip);
    this.#taken.delete(answer as Ip);
  }
}

function freeOf({ prefix, range, gateway, auxiliary }: Subnet): readonly Ip[] {
  const kept = new Set([gateway, ...auxiliary.values()]);
  return naivePool(prefix, range).filter((ip) => !kept.has(ip));
}

const isFilled = (ips: readonly Ip[]): boolean => ips.length > 0;

/** One or two of a family. */
const someSubnets = fc
  .array(smallSubnets, { minLength: 1, maxLength: 2 })
  .map((subnets) => subnets.filter(({ prefix }) => prefixFamily(prefix) === prefixFamily(subnets[0]!.prefix)))
  .map(([a, b]) => (a === undefined ? [] : b === undefined || overlaps(a.prefix, b.prefix) ? [a] : [a, b]));

function answerOf(choose: () => Ip): string {
  try {
    return choose();
  } catch (error) {
    return asWeftError(error).code;
  }
}

test('whatever happens, pools give what is free by a list of all their addresses, the first that has some, and nothing when nothing is', async () => {
  await fc.assert(
    fc.asyncProperty(
      someSubnets,
      fc.array(event, { maxLength: 120, size: 'max' }),
      async (subnets, events) => {
        const twin = new Twin(subnets);
        for (const each of events) await twin.happen(each);
      },
    ),
    { numRuns: 200 },
  );
});
