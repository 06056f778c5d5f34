import { releaseBody, reserveBody, type ReserveBody } from '../../../api/schemas/address.ts';
import type { EndpointJson } from '../../../api/schemas/endpoint.ts';
import { keys, prefixes } from '../../../kvstore/keys.ts';
import { decodeClaim, encodeClaim } from '../../../kvstore/records/claim.ts';
import { encodeText } from '../../../kvstore/store.ts';
import { sleep } from '../../../model/clock.ts';
import type { Name } from '../../../model/name.ts';
import type { Counts } from './point.ts';
import type { Stage } from './stage.ts';

/** Something that an agent is asked for, which may be asked for again. */
export interface Operation {
  readonly name: string;
  /** What it takes when nothing disturbs it. */
  readonly counts: Counts;
  /** What is there before. */
  prepare(stage: Stage): Promise<unknown>;
  /** Asks the agent that dies; its answer, in the same words for the same answer. */
  call(stage: Stage): Promise<string>;
  /** What it answers when it was done already; absent: the same as the first time. */
  readonly done?: string;
  /** What was there before is given up after a crash, so that it begins anew. */
  readonly isAnew?: true;
  /** Before it was carried out, `weft ip check` finds something. */
  readonly isMending?: true;
}

const blue = 'blue' as Name;
const subnets = ['10.7.0.0/29', 'fd00:7::/64'] as const;

/** A network in which the other node takes part. */
async function network(stage: Stage): Promise<void> {
  await stage.network('blue', ...subnets);
  await stage.settled(stage.attach(stage.other, 'other'));
}

/** The same, and the one that dies takes part as well. */
async function taking(stage: Stage): Promise<void> {
  await network(stage);
  await stage.settled(stage.attach(stage.actor, 'c0'));
}

const told = ({ id, name, mac, addresses, interfaceName }: EndpointJson): string =>
  JSON.stringify({ id, name, mac, addresses, interfaceName });

async function reserved({ actor }: Stage, more: Partial<ReserveBody> = {}): Promise<string> {
  const body = reserveBody.parse({ network: blue, name: 'web', owner: 'alice', ...more });
  const { reservation } = await actor.service.reserveAddress(body);
  const { name, addresses, owner } = reservation;
  return JSON.stringify({ name, addresses, owner });
}

async function removed({ actor }: Stage, force: boolean): Promise<string> {
  try {
    return (await actor.service.removeNetwork({ name: blue, force })).state;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** Everything that changes the claims of a store, one step after the other. */
export const operations: readonly Operation[] = [
  {
    name: 'attach, the first of its network here',
    counts: { transactions: 1, journal: 2, kernel: 26 },
    prepare: network,
    call: async (stage) => told(await stage.attach(stage.actor, 'c1', { name: 'web' })),
  },
  {
    name: 'attach, one more',
    counts: { transactions: 1, journal: 2, kernel: 4 },
    prepare: taking,
    call: async (stage) => told(await stage.attach(stage.actor, 'c1')),
  },
  {
    name: 'attach with the last free address',
    counts: { transactions: 1, journal: 2, kernel: 22 },
    prepare: (stage) => stage.network('blue', '10.7.0.0/30'),
    call: async (stage) => told(await stage.attach(stage.actor, 'c1')),
  },
  {
    name: 'attach that takes a reservation',
    counts: { transactions: 1, journal: 2, kernel: 4 },
    prepare: async (stage) => {
      await taking(stage);
      await stage.settled(reserved(stage));
    },
    call: async (stage) =>
      told(await stage.attach(stage.actor, 'c1', { reservation: 'web', owner: 'alice' })),
  },
  {
    name: 'attach with the address of a reservation that has expired',
    counts: { transactions: 4, journal: 2, kernel: 4 },
    prepare: async (stage) => {
      await taking(stage);
      await stage.settled(reserved(stage, { addresses: ['10.7.0.2', 'fd00:7::2'], expires: 1000 }));
      await stage.sea.pass(2000);
    },
    call: async (stage) =>
      told(await stage.attach(stage.actor, 'c1', { addresses: ['10.7.0.2', 'fd00:7::2'] })),
  },
  {
    name: 'attach of a sandbox that was made anew under its name',
    isAnew: true,
    counts: { transactions: 1, journal: 2, kernel: 4 },
    prepare: async (stage) => {
      await network(stage);
      await stage.settled(stage.attach(stage.actor, 'c1'));
      stage.actor.killSandbox('c1');
    },
    call: async (stage) => told(await stage.attach(stage.actor, 'c1')),
  },
  {
    name: 'detach',
    counts: { transactions: 1, journal: 2, kernel: 1 },
    prepare: async (stage) => {
      await network(stage);
      await stage.settled(stage.attach(stage.actor, 'c1', { name: 'web' }));
    },
    call: async (stage) => String(await stage.detach(stage.actor, 'c1')),
    done: 'false',
  },
  {
    name: 'reserve',
    counts: { transactions: 1, journal: 0, kernel: 0 },
    prepare: network,
    call: (stage) => reserved(stage),
  },
  {
    name: 'reserve for longer',
    counts: { transactions: 2, journal: 0, kernel: 0 },
    prepare: async (stage) => {
      await network(stage);
      await stage.settled(reserved(stage, { expires: 100_000 }));
    },
    call: (stage) => reserved(stage, { expires: 200_000 }),
  },
  {
    name: 'release',
    counts: { transactions: 1, journal: 0, kernel: 0 },
    prepare: async (stage) => {
      await network(stage);
      await stage.settled(reserved(stage));
    },
    call: async ({ actor }) => {
      const body = releaseBody.parse({ network: blue, name: 'web', owner: 'alice' });
      return String((await actor.service.releaseAddress(body)).released);
    },
    done: 'false',
  },
  {
    name: 'create a network',
    counts: { transactions: 1, journal: 0, kernel: 0 },
    prepare: () => Promise.resolve(),
    call: async ({ actor }) => {
      const answer = await actor.service.createNetwork({ name: blue, declaration: { subnets } });
      return JSON.stringify([answer.name, answer.phase, 'subnets' in answer ? answer.subnets : undefined]);
    },
  },
  {
    name: 'change a network',
    counts: { transactions: 1, journal: 0, kernel: 3 },
    prepare: async (stage) => {
      await network(stage);
      await stage.settled(stage.attach(stage.actor, 'c1'));
    },
    call: async ({ actor }) => {
      const declaration = { subnets, mtu: 1300 };
      const { network: changed } = await actor.service.applyNetwork({ name: blue, declaration });
      return JSON.stringify([changed.name, 'mtu' in changed ? changed.mtu : undefined]);
    },
  },
  {
    name: 'accept what an operator has declared',
    counts: { transactions: 1, journal: 0, kernel: 0 },
    prepare: async ({ other }) => other.stop(),
    call: async ({ sea }) => {
      const value = encodeText(JSON.stringify({ subnets }));
      await sea.store.txn([], [{ kind: 'put', key: keys.network(blue), value }]);
      while (sea.content().networks.length === 0) await sleep(sea.clock, 50);
      return JSON.stringify(sea.content().networks.map((n) => [n.name, n.subnets[0]?.gateway]));
    },
  },
  {
    name: 'remove a network with reservations',
    counts: { transactions: 3, journal: 0, kernel: 0 },
    prepare: async (stage) => {
      await stage.network('blue', ...subnets);
      await stage.settled(reserved(stage));
    },
    call: (stage) => removed(stage, false),
    done: 'NETWORK_NOT_FOUND',
  },
  {
    name: 'remove a network by force',
    counts: { transactions: 2, journal: 2, kernel: 1 },
    prepare: async (stage) => {
      await network(stage);
      await stage.settled(stage.attach(stage.actor, 'c1'));
    },
    call: (stage) => removed(stage, true),
    done: 'NETWORK_NOT_FOUND',
  },
  {
    name: 'mend what is wrong',
    isMending: true,
    counts: { transactions: 2, journal: 0, kernel: 0 },
    prepare: async (stage) => {
      await network(stage);
      await stage.settled(reserved(stage));
      // Claims on its addresses that say another expiry than the reservation itself.
      const { entries, networks } = stage.sea.content();
      const claims = [...entries.keys()].filter((key) => key.startsWith(prefixes.claims(networks[0]!.id)));
      const own = claims.filter((key) => decodeClaim(key, entries.get(key)!.value).holder === 'web');
      const value = encodeClaim({ kind: 'reservation', holder: 'web', owner: 'alice', expiresAt: 1 });
      const damaged = own.filter((key) => !key.includes('/name/'));
      await stage.sea.store.txn(
        [],
        damaged.map((key) => ({ kind: 'put', key, value })),
      );
    },
    call: async ({ actor }) => {
      const { findings } = await actor.service.checkAddresses({ fix: true });
      return JSON.stringify(findings.filter(({ mend }) => mend !== 'mended'));
    },
  },
];
