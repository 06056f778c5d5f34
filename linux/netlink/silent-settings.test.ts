import { expect, test } from '@jest/globals';
import type { NetworkId } from '../../model/network.ts';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import type { Notice } from '../notice.ts';
import type { Sysctl } from '../objects/ip-config.ts';
import { networkScope, type NetworkScope } from '../objects/scope.ts';
import { SilentSettings } from './silent-settings.ts';

const key = 'net/ipv4/conf/br0/send_redirects';
const scopeOf = (n: number): NetworkScope => networkScope(n.toString(16).padStart(16, '0') as NetworkId);
const setting = (scope: NetworkScope, value = '0'): Sysctl => ({
  kind: 'sysctl',
  scope,
  key,
  value,
  optional: false,
});

/** A clock that a read takes a part of a millisecond of, and values that a test changes. */
function stage(count: number) {
  const clock = new FakeClock();
  const scopes = Array.from({ length: count }, (_, n) => scopeOf(n));
  const state = { isWriting: false, spent: 0, reads: 0, unpinned: new Set<NetworkScope>() };
  const values = new Map<NetworkScope, string>(scopes.map((scope) => [scope, '0']));
  const told: Notice[] = [];
  const silent = new SilentSettings({
    clock: { monotonic: () => clock.monotonic() + state.spent, after: (ms, f) => clock.after(ms, f) },
    listener: { onNotice: (_, notice) => void told.push(notice) },
    read: (scope) => {
      state.reads += 1;
      state.spent += 0.05;
      const value = values.get(scope);
      return value === undefined ? undefined : new Map([[key, value]]);
    },
    isUnpinned: (scope) => state.unpinned.has(scope),
    isWriting: () => state.isWriting,
  });
  for (const scope of scopes) silent.mind(scope, [setting(scope)]);
  return { clock, scopes, state, values, told, silent };
}

test('another value is told within a round, as long as it is another', async () => {
  const { clock, scopes, values, told } = stage(3);
  await clock.advance(5000);
  expect(told).toEqual([]);
  values.set(scopes[1]!, '1');
  await clock.advance(500);
  const notice = { kind: 'holds', object: setting(scopes[1]!, '1') };
  expect(told).toEqual([notice]);
  await clock.advance(500);
  expect(told).toEqual([notice, notice]);
  values.set(scopes[1]!, '0');
  await clock.advance(5000);
  expect(told.length).toBe(2);
});

test('a round takes no longer than it may, and all come to their turn', async () => {
  const { clock, scopes, state, values, told } = stage(140);
  for (const scope of scopes) values.set(scope, '1');
  await clock.advance(500);
  expect(state.reads).toBeGreaterThan(30);
  expect(state.reads).toBeLessThan(50);
  await clock.advance(1500);
  const seen = told.map((notice) => (notice.kind === 'holds' ? notice.object.scope : undefined));
  expect(new Set(seen).size).toBe(140);
});

test('while we write nothing is read, and what cannot be read or does not exist is nothing', async () => {
  const { clock, scopes, state, values, told } = stage(2);
  values.delete(scopes[0]!);
  values.set(scopes[1]!, '1');
  state.isWriting = true;
  await clock.advance(5000);
  expect([state.reads, told]).toEqual([0, []]);
  state.isWriting = false;
  await clock.advance(500);
  expect(told).toEqual([{ kind: 'holds', object: setting(scopes[1]!, '1') }]);
});

test('what the kernel gives notice of is not read', async () => {
  const { clock, scopes, state, silent } = stage(1);
  const [scope] = scopes as [NetworkScope];
  const keys = ['net/ipv4/ip_forward', 'net/ipv4/conf/br0/rp_filter', 'net/ipv6/conf/all/forwarding'];
  silent.mind(
    scope,
    keys.map((each) => ({ ...setting(scope), key: each })),
  );
  await clock.advance(5000);
  expect(state.reads).toBe(0);
});

test('a namespace that is not pinned any more has come to its end', async () => {
  const { clock, scopes, state, told } = stage(2);
  state.unpinned.add(scopes[0]!);
  await clock.advance(500);
  expect(told).toEqual([{ kind: 'ended', scope: scopes[0]! }]);
});

test('what is not minded any more is not looked at, and nothing is left of it', async () => {
  const { clock, scopes, state, silent } = stage(2);
  for (const scope of scopes) silent.mind(scope, []);
  await clock.advance(5000);
  expect([state.reads, clock.pending]).toEqual([0, 0]);
  silent.mind(scopes[0]!, [setting(scopes[0]!)]);
  await clock.advance(1000);
  expect(state.reads).toBe(2);
  silent[Symbol.dispose]();
  await clock.advance(5000);
  expect([state.reads, clock.pending]).toEqual([2, 0]);
});
