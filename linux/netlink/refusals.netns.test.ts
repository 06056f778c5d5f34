import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { decisionOf, decisionOn } from '../errno-decisions.ts';
import { everything, scope } from '../kernel-contract-objects.ts';
import { keyOf, type LinuxObject } from '../objects/object.ts';
import { ObjectSet } from '../objects/object-set.ts';
import type { SandboxScope } from '../objects/scope.ts';
import { plan } from '../plan/plan.ts';
import { FreshNode } from '../testing/fresh-node.ts';
import { refuseRequests } from '../testing/refusing-sockets.ts';
import { Tracker, type Failure } from '../tracker.ts';

const errnos = ['EBUSY', 'ENOBUFS', 'ENOMEM', 'EPERM', 'EEXIST', 'ENODEV'] as const;

let node: FreshNode;
let sandbox: SandboxScope;
let wished: readonly LinuxObject[];

beforeAll(async () => {
  node = await FreshNode.open();
  sandbox = node.sandbox();
  wished = everything(sandbox);
});
afterAll(() => node[Symbol.asyncDispose]());

/** Looks, plans and applies as passes do, until nothing is left to do; what was refused on the way. */
async function reach(objects: readonly LinuxObject[], rounds: number): Promise<readonly Failure[]> {
  const desired = new ObjectSet(objects);
  const tracker = new Tracker();
  const failures: Failure[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // As the reconciler does: a VNI, for instance, is free when the kernel has taken its namespace apart.
    if (round > 0) await pause(10 * 2 ** Math.min(round, 3));
    tracker.observed(scope, await node.kernel.observe(scope, [sandbox]));
    const steps = plan(desired, tracker.believed);
    if (steps.length === 0) return failures;
    tracker.applied(steps, await node.kernel.apply(steps));
    failures.push(...tracker.failures.values());
  }
  const left = plan(desired, (await node.kernel.observe(scope, [sandbox])).objects);
  throw new Error(
    `not done after ${rounds} rounds: ${left.map(({ op, object }) => `${op} ${keyOf(object)}`).join(', ')}`,
  );
}

async function held(): Promise<readonly unknown[]> {
  const { objects } = await node.kernel.observe(scope, [sandbox]);
  return [...objects].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** Builds all and takes it away again while some requests are refused. */
async function live(errno: (typeof errnos)[number], isRefused: (nth: number) => boolean, rounds = 6) {
  using refusing = refuseRequests(errno, isRefused);
  const failures = [...(await reach(wished, rounds))];
  const built = await held();
  failures.push(...(await reach([], rounds)));
  return { built, left: await held(), failures, requests: refusing.requests, refused: refusing.refused };
}

describe('whatever request the kernel refuses once, the end is that of an undisturbed life', () => {
  test.each(errnos.map((errno, i) => [errno, i] as const))(
    '%s',
    async (errno, i) => {
      const undisturbed = await live(errno, () => false);
      expect([undisturbed.left, undisturbed.refused]).toEqual([[], 0]);
      expect(undisturbed.requests).toBeGreaterThan(20);
      let hits = 0;
      // Each request meets one of the errnos; how many there are differs by one or two from life to life.
      for (let nth = 1 + i; nth <= undisturbed.requests; nth += errnos.length) {
        const { built, left, failures, refused } = await live(errno, (request) => request === nth);
        hits += refused;
        expect(refused).toBeLessThanOrEqual(1);
        expect([nth, built]).toEqual([nth, undisturbed.built]);
        expect([nth, left]).toEqual([nth, []]);
        for (const { step, error } of failures) {
          if ('neededStep' in error.details) continue;
          // Or what follows from it: a route whose address was refused has no way (ENETUNREACH), and is tried again.
          const decision = error.details['errno'] === errno ? decisionOn(step, errno) : 'retry';
          expect([nth, error.message, decisionOf(step, error)]).toEqual([nth, error.message, decision]);
        }
      }
      expect(hits).toBeGreaterThan(undisturbed.requests / errnos.length / 2);
    },
    60_000,
  );

  test('nor does it matter when every fifth one is refused', async () => {
    const undisturbed = await live('EBUSY', () => false);
    for (const errno of ['ENOBUFS', 'ENODEV'] as const) {
      const { built, left, refused } = await live(errno, (nth) => nth % 5 === 0, 30);
      expect([errno, built]).toEqual([errno, undisturbed.built]);
      expect([errno, left, refused > 4]).toEqual([errno, [], true]);
    }
  }, 60_000);
});
