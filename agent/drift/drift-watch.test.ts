import { expect, test } from '@jest/globals';
import type { Hearing, Notice, NoticeListener } from '../../linux/notice.ts';
import * as lab from '../../linux/kernel-contract-objects.ts';
import type { ObjectKey } from '../../linux/objects/object.ts';
import type { Sysctl } from '../../linux/objects/ip-config.ts';
import {
  networkScope,
  sandboxScope,
  type NetworkScope,
  type SandboxScope,
} from '../../linux/objects/scope.ts';
import { WeftError } from '../../model/errors.ts';
import { silentLogger } from '../../model/logger.ts';
import type { NetworkId } from '../../model/network.ts';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import { DriftWatch, type HeardNetwork } from './drift-watch.ts';

const notice: Notice = { kind: 'lost', object: lab.fdb };
const sandbox = sandboxScope('/run/netns/c1');

/** A network that takes every notice for a suspicion. */
class FakeNetwork implements HeardNetwork {
  readonly id: NetworkId;
  readonly sandboxes: SandboxScope[] = [];
  settings: readonly Sysctl[] = [];
  isBusy = false;
  heard: Notice[] = [];

  constructor(id: string) {
    this.id = id as NetworkId;
  }

  get isSuspicious(): boolean {
    return this.heard.length > 0;
  }

  hear(one: Notice): void {
    this.heard.push(one);
  }

  suspects(): ReadonlySet<ObjectKey> {
    return new Set(this.heard.map(() => 'some key'));
  }
}

function stage() {
  const clock = new FakeClock();
  const compared: string[] = [];
  const waits = { current: 0 };
  const named: SandboxScope[] = [];
  const minded = new Map<NetworkScope, readonly Sysctl[]>();
  const ears: { listener: NoticeListener | undefined; drains: number; refuses: boolean } = {
    listener: undefined,
    drains: 0,
    refuses: false,
  };
  const networks = [new FakeNetwork('00000000000000a1'), new FakeNetwork('00000000000000a2')] as const;
  const listen = (listener: NoticeListener): Hearing => {
    if (ears.refuses) throw new WeftError('PERMISSION_DENIED', 'no');
    ears.listener = listener;
    return {
      hear: async (sandboxes) => void named.push(...sandboxes),
      mind: (scope, settings) => void minded.set(scope, settings),
      drain: () => (ears.drains += 1),
      close: () => (ears.listener = undefined),
    };
  };
  const watch = new DriftWatch({
    kernel: { listen },
    clock,
    logger: silentLogger,
    compare: (id) => {
      compared.push(id);
      for (const network of networks) if (network.id === id) network.heard = [];
    },
    patience: () => waits.current,
  });
  for (const network of networks) watch.add(network);
  return { clock, compared, waits, named, minded, ears, watch, networks };
}

test('a network is compared soon after the first of many notices, and once', async () => {
  const { clock, compared, ears, watch, networks } = stage();
  watch.open();
  for (let i = 0; i < 9; i += 1) {
    watch.onNotice(lab.scope, notice);
    await clock.advance(5);
  }
  expect(compared).toEqual([]);
  await clock.advance(5);
  expect([compared, ears.drains]).toEqual([[networks[0].id], 1]);
  await clock.advance(10_000);
  expect([compared.length, clock.pending]).toEqual([1, 0]);
});

test('what was only half done when it was heard of is no reason to compare', async () => {
  const { clock, compared, watch, networks } = stage();
  watch.open();
  watch.onNotice(lab.scope, notice);
  networks[0].heard = [];
  await clock.advance(1000);
  expect(compared).toEqual([]);
});

test('while a pass is under way nothing is compared; when it has ended, what is still suspicious is', async () => {
  const { clock, compared, watch, networks } = stage();
  watch.open();
  const [busy] = networks;
  busy.isBusy = true;
  watch.onNotice(lab.scope, notice);
  await clock.advance(1000);
  expect(compared).toEqual([]);
  busy.isBusy = false;
  await watch.passed(busy, false);
  expect(compared).toEqual([busy.id]);
});

test('what is fought over waits, and anything else does not wait for it', async () => {
  const { clock, compared, waits, watch } = stage();
  watch.open();
  waits.current = 4000;
  watch.onNotice(lab.scope, notice);
  await clock.advance(3000);
  expect(compared).toEqual([]);
  waits.current = 0;
  watch.onNotice(lab.scope, notice);
  await clock.advance(50);
  expect(compared.length).toBe(1);
  await clock.advance(10_000);
  expect(compared.length).toBe(1);
});

test('a sandbox is heard of by the networks that are in it, and by nobody else', async () => {
  const { clock, compared, named, watch, networks } = stage();
  watch.open();
  const [, second] = networks;
  second.sandboxes.push(sandbox);
  await watch.passed(second, false);
  expect(named).toEqual([sandbox]);
  // It may be another namespace by now: only who compares has reason to look.
  await watch.passed(second, false);
  expect(named).toEqual([sandbox]);
  await watch.passed(second, true);
  expect(named).toEqual([sandbox, sandbox]);
  watch.onNotice(sandbox, notice);
  watch.onNotice(sandboxScope('/run/netns/c9'), notice);
  await clock.advance(50);
  expect(compared).toEqual([second.id]);
  second.sandboxes.length = 0;
  await watch.passed(second, false);
  watch.onNotice(sandbox, notice);
  await clock.advance(1000);
  expect(compared.length).toBe(1);
});

test('the settings of a network are minded as the last pass has left them, until it is gone', async () => {
  const { minded, watch, networks } = stage();
  watch.open();
  const [network] = networks;
  const scope = networkScope(network.id);
  for (const value of ['0', '1']) {
    network.settings = [{ kind: 'sysctl', scope, key: 'net/ipv4/ip_forward', value, optional: false }];
    await watch.passed(network, false);
    expect(minded.get(scope)).toEqual(network.settings);
  }
  watch.remove(network);
  expect(minded.get(scope)).toEqual([]);
});

test('after a loss of notices everything is compared, at once the first time, and not all the time', async () => {
  const { clock, compared, watch, networks } = stage();
  watch.open();
  const at: number[] = [];
  for (let i = 0; i < 10_000; i += 1) {
    watch.onOverrun();
    await clock.advance(100);
    if (compared.length > 2 * at.length) at.push(Math.round(clock.monotonic() / 1000));
  }
  expect(compared.slice(0, 2)).toEqual(networks.map(({ id }) => id));
  expect(at).toEqual([0, 10, 30, 70, 150, 310, 610, 910]);
});

test('a network that is gone is not compared', async () => {
  const { clock, compared, watch, networks } = stage();
  watch.open();
  watch.onNotice(lab.scope, notice);
  watch.remove(networks[0]);
  watch.onNotice(lab.scope, notice);
  await clock.advance(1000);
  expect([compared, clock.pending]).toEqual([[], 0]);
});

test('a kernel that gives no notice is told once, and stops nothing', async () => {
  const { ears, watch, networks } = stage();
  ears.refuses = true;
  watch.open();
  await watch.passed(networks[0], true);
  watch.close();
  expect(ears.listener).toBeUndefined();
});
