import { expect, test } from '@jest/globals';
import { campaign, onceEach } from './crash/campaign.ts';
import { labName } from './testing/traces.ts';

// Every call, on every store, is killed by `make soak`; see docs/design/kernel.md.
const halves = [
  { store: 'etcd', operations: ['attach', 'detach'] },
  { store: 'file', operations: ['start', 'stop', 'resync'] },
] as const;

test('an agent that is killed before any kind of call, and started again, leaves the world as if nobody had killed it', async () => {
  const found = await Promise.all(
    halves.map((half) =>
      campaign({ ...half, lab: labName(`crash${half.store}`), choose: onceEach() }, () => undefined),
    ),
  );
  for (const { store, surprises, kills } of found) {
    expect([store, surprises]).toEqual([store, []]);
    expect(kills.filter(({ hit, strays }) => hit === undefined || strays.length > 0)).toEqual([]);
    expect(kills.length).toBeGreaterThan(15);
  }
}, 300_000);
