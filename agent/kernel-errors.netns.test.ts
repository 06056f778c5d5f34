import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decisionOn } from '../linux/errno-decisions.ts';
import type { WireMessage } from '../linux/netlink/wire.ts';
import type { FdbEntry } from '../linux/objects/forwarding.ts';
import { keyOf } from '../linux/objects/object.ts';
import { disturbDumps, type Disturbance } from '../linux/testing/disturbed-dumps.ts';
import { until } from '../linux/testing/fresh-namespace.ts';
import { refuseRequests } from '../linux/testing/refusing-sockets.ts';
import type { Ip } from '../model/ip.ts';
import type { Mac } from '../model/mac.ts';
import { RealWorld } from './testing/real-world.ts';

const errnos = ['EBUSY', 'ENOBUFS', 'ENOMEM', 'EPERM', 'EEXIST', 'ENODEV'] as const;
/** What becomes of every n-th answer; of each one, nothing can be read at all. */
const disturbances: readonly (readonly [Disturbance, number])[] = [
  ['interrupted', 1],
  ['interrupted', 2],
  ['cut off', 2],
  ['without its end', 1],
  ['EBUSY', 2],
  ['ENOBUFS', 1],
  ['ENOMEM', 2],
  ['EPERM', 2],
];
/** The longest pause between two tries is 5 s. */
const backoff = 5000;

let world: RealWorld;
/** What iproute2 sees while the sandbox is attached, and while it is not, when nothing is refused. */
let whole: readonly string[] = [];
let bare: readonly string[] = [];

beforeAll(async () => {
  world = await RealWorld.open();
  bare = world.picture();
  await world.attach();
  whole = world.picture();
});
afterAll(() => world[Symbol.asyncDispose]());

/** Waits until iproute2 sees what it saw when nothing was refused, and nobody complains. */
async function isHealed(picture: readonly string[]): Promise<void> {
  const is = (): boolean => JSON.stringify(world.picture()) === JSON.stringify(picture);
  await until('the kernel to be as it should', is, 2 * backoff).catch(() => undefined);
  expect(world.picture()).toEqual(picture);
  await until('nobody to complain', () => world.problems().length === 0, 2 * backoff).catch(() => undefined);
  expect(world.problems()).toEqual([]);
}

describe('one FDB entry that the kernel refuses stops nothing else, is named with the answer, and comes when it is not refused any more', () => {
  const bad = (): FdbEntry => {
    const mac = (world.far[1]?.mac ?? '') as Mac;
    return { kind: 'fdb', scope: world.scope, dev: 'vxlan0', mac, dst: '192.0.2.2' as Ip };
  };
  const isBad = (_: number, { type, body }: WireMessage): boolean =>
    type === 28 && body[0] === 7 && body.includes(Buffer.from(bad().mac.replaceAll(':', ''), 'hex'));
  const operations = {
    attach: { before: () => world.detach(), act: () => world.attach() },
    resync: {
      before: () => world.attach(),
      act: () => {
        world.node.run(world.scope, 'ip', 'link', 'del', 'vxlan0');
        return until('the rest to be repaired', () => missing().every(isOfBad), backoff);
      },
    },
  };
  const missing = (): readonly string[] => {
    const seen = new Set(world.picture());
    return whole.filter((line) => !seen.has(line));
  };
  const isOfBad = (line: string): boolean => line.includes(bad().mac);

  const cases = errnos.flatMap((errno) =>
    (['attach', 'resync'] as const).map((operation) => [errno, operation] as const),
  );
  test.each(cases)('%s, %s', async (errno, operation) => {
    const { before, act } = operations[operation];
    await before();
    const decision = decisionOn({ op: 'create', object: bad() }, errno);
    {
      using refusing = refuseRequests(errno, isBad);
      await act();
      await until('it to be told', () => world.problems().length > 0, backoff);
      expect(missing().filter((line) => !isOfBad(line))).toEqual([]);
      expect(missing().filter((line) => line.includes('dst 192.0.2.2'))).toHaveLength(1);
      expect(world.problems()).toEqual([
        {
          what: `kernel object ${keyOf(bad())}`,
          why: expect.stringContaining(errno),
          hint: expect.stringContaining(decision === 'retry' ? 'again by itself' : 'every five minutes'),
        },
      ]);
      expect(refusing.refused).toBeGreaterThan(0);
    }
    // What does not pass by itself is looked at again when somebody attaches.
    if (decision !== 'retry') await world.attach();
    await isHealed(whole);
  });
});

describe('whatever happens to every n-th request or answer, afterwards all is as it should be:', () => {
  type Trouble = Disposable & { readonly hits: number };
  const refusals = errnos.map(
    (errno, i) => [`every ${i + 2}. request is refused by ${errno}`, () => refused(errno, i + 2)] as const,
  );
  const answers = disturbances.map(
    ([how, n]) => [`every ${n}. answer is ${how}`, () => disturbDumps(how, (nth) => nth % n === 0)] as const,
  );
  const refused = (errno: (typeof errnos)[number], n: number): Trouble => {
    const refusing = refuseRequests(errno, (nth) => nth % n === 0);
    return {
      get hits() {
        return refusing.refused;
      },
      [Symbol.dispose]: () => {
        refusing[Symbol.dispose]();
      },
    };
  };

  test.each<readonly [string, () => Trouble]>([...refusals, ...answers])('%s', async (_, begin) => {
    await world.detach();
    await isHealed(bare);
    let hits = 0;
    for (const { act, again, picture } of [
      { act: () => world.attach(1500), again: attach, picture: whole },
      { act: damage, again: () => world.compare(), picture: whole },
      { act: () => world.detach(1500), again: () => world.compare(), picture: bare },
    ]) {
      {
        using trouble = begin();
        // What the caller is told may well be a refusal.
        await act().catch(() => undefined);
        hits += trouble.hits;
      }
      await again();
      await isHealed(picture);
    }
    expect(hits).toBeGreaterThan(0);
  });

  /** After one that was refused, what the kernel would not take back goes first: where that was for good, with the regular compare. */
  async function attach(): Promise<void> {
    await world.compare();
    if (!world.isAttached) await isHealed(bare);
    await world.attach();
  }

  /** Ends when somebody has looked, whatever came of it. */
  function damage(): Promise<void> {
    world.node.run(world.scope, 'ip', 'link', 'del', 'vxlan0');
    return world.compare();
  }
});
