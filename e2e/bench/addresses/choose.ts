import { AddressSet } from '../../../ipam/address-set.ts';
import { chooseAddress } from '../../../ipam/choose.ts';
import { poolOf } from '../../../ipam/pool.ts';
import type { Ip } from '../../../model/ip.ts';
import type { Subnet } from '../../../model/network.ts';
import type { Prefix } from '../../../model/prefix.ts';
import type { Bench, Benchmark } from '../benchmark.ts';
import { alternate } from '../rounds.ts';
import { median } from '../statistics.ts';
import { fixed, whole, type Figures } from '../table.ts';

interface Scene {
  readonly subnet: Subnet;
  /** Addresses that are taken, one after the other from the beginning of the pool. */
  readonly taken: number;
}

const subnetOf = (prefix: string, gateway: string): Subnet => ({
  prefix: prefix as Prefix,
  gateway: gateway as Ip,
  auxiliary: new Map(),
});
const small = subnetOf('10.0.0.0/16', '10.0.0.1');
const middle = subnetOf('10.0.0.0/12', '10.0.0.1');
const eight = subnetOf('10.0.0.0/8', '10.0.0.1');
const six = subnetOf('fd00::/64', 'fd00::1');

/** Nine tenths of a /16, and of a /12; a /8 and a /64 with as many. */
const scenesOf = ({ quick }: Bench): readonly Scene[] => {
  const crowds: readonly (readonly [Subnet, number])[] = [
    [small, 58_980],
    ...(quick ? [] : ([[middle, 943_716]] as const)),
  ];
  return [
    ...[small, eight, six].map((subnet) => ({ subnet, taken: 0 })),
    ...crowds.flatMap(([full, taken]) => [full, eight, six].map((subnet) => ({ subnet, taken }))),
  ];
};

const choices = 2000;

/** What one choice costs, in pools of any size, with nothing and with much in its way. */
export const chooseBenchmark: Benchmark = {
  name: 'choose',
  async run(bench) {
    const scenes = scenesOf(bench);
    const candidates = scenes.map((scene) => {
      const set = setOf(scene);
      return { name: nameOf(scene), measure: async () => measure(scene, set) };
    });
    await alternate(2, candidates);
    const results = await alternate(bench.quick ? 3 : 20, candidates);
    return [figures(scenes, results)];
  },
};

const nameOf = ({ subnet, taken }: Scene): string =>
  `${subnet.prefix}, ${taken === 0 ? 'empty' : `${whole(taken)} taken`}`;

function setOf({ subnet, taken }: Scene): AddressSet {
  const set = new AddressSet();
  const first = poolOf(subnet)?.first ?? 0n;
  for (let n = 0; n < taken; n += 1) set.add(first + BigInt(n));
  return set;
}

interface Cost {
  readonly microseconds: number;
  readonly looks: number;
}

/** From places anywhere within what is taken: all of it behind the place is in the way. */
function measure({ subnet, taken }: Scene, set: AddressSet): Cost {
  const before = set.looks;
  const begin = performance.now();
  for (let n = 0; n < choices; n += 1) {
    const start = BigInt(Math.floor((n * taken) / choices));
    if (chooseAddress(subnet, set, start) === undefined) throw new Error(`${subnet.prefix} is full`);
  }
  const microseconds = ((performance.now() - begin) * 1000) / choices;
  return { microseconds, looks: (set.looks - before) / choices };
}

function figures(scenes: readonly Scene[], results: ReadonlyMap<string, readonly Cost[]>): Figures {
  const cost = (scene: Scene): number =>
    median((results.get(nameOf(scene)) ?? []).map(({ microseconds }) => microseconds));
  const rows = scenes.map((scene) => {
    const least = scenes.find(({ taken }) => taken === scene.taken) ?? scene;
    const [{ looks } = { looks: Number.NaN }] = results.get(nameOf(scene)) ?? [];
    return [nameOf(scene), fixed(cost(scene), 2), fixed(looks), fixed(cost(scene) / cost(least), 2)];
  });
  return {
    title: 'One choice of an address',
    head: ['pool', 'microseconds', 'steps', 'of the smallest pool'],
    rows,
    notes: [
      `58,980 and 943,716 are nine tenths of a /16 and of a /12; they are taken from the beginning on, and the search begins within them`,
      'steps: how often it is looked whether an address, or a block of 2, 4, 8, ... addresses, is taken',
    ],
  };
}
