import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Ip } from '../model/ip.ts';
import { DesiredState } from './desired.ts';
import { everything, fdb, netns, neighbour, otherFdb, vxlan } from './kernel-contract-objects.ts';
import type { FdbEntry } from './objects/forwarding.ts';
import type { Route } from './objects/route.ts';
import { keyOf, type LinuxObject, type ObjectKey } from './objects/object.ts';
import { ObjectSet } from './objects/object-set.ts';
import { sandboxScope } from './objects/scope.ts';

const changedKeys = (desired: DesiredState): ObjectKey[] => desired.takeChanged().map(keyOf).sort();

test('a source gives, replaces and takes back its objects, and every change is told once', () => {
  const desired = new DesiredState();
  desired.set('network', [netns, vxlan]);
  desired.set('endpoint', [fdb, neighbour]);
  expect(changedKeys(desired)).toEqual([netns, vxlan, fdb, neighbour].map(keyOf).sort());
  expect(changedKeys(desired)).toEqual([]);

  desired.set('endpoint', [otherFdb, { ...neighbour }]);
  expect(changedKeys(desired)).toEqual([keyOf(fdb)]);
  expect(desired.objects.get(fdb)).toBe(otherFdb);

  desired.remove('endpoint');
  expect(changedKeys(desired)).toEqual([keyOf(fdb), keyOf(neighbour)].sort());
  expect([...desired.objects.values()]).toEqual([netns, vxlan]);
  expect([desired.has('network'), desired.has('endpoint')]).toEqual([true, false]);
});

test('of two sources that want one key, the first by name has it, in whatever order they come', () => {
  for (const order of [
    ['a', 'b'],
    ['b', 'a'],
  ]) {
    const desired = new DesiredState();
    for (const source of order) desired.set(source, [source === 'a' ? fdb : otherFdb]);
    expect(desired.objects.get(fdb)).toBe(fdb);
    expect([desired.wishesOf('a'), desired.wishesOf('b')]).toEqual([[fdb], [otherFdb]]);
    desired.takeChanged();
    desired.remove('a');
    expect(desired.objects.get(fdb)).toBe(otherFdb);
    expect(changedKeys(desired)).toEqual([keyOf(fdb)]);
  }
});

test('an heir that wants the same is no change', () => {
  const desired = new DesiredState();
  desired.set('a', [fdb]);
  desired.set('b', [{ ...fdb }]);
  desired.takeChanged();
  desired.remove('a');
  expect(changedKeys(desired)).toEqual([]);
});

test('the loser of a key may change and go without anybody noticing', () => {
  const desired = new DesiredState();
  desired.set('a', [fdb]);
  desired.set('b', [otherFdb]);
  desired.takeChanged();
  desired.set('b', [{ ...otherFdb, dst: '192.0.2.77' as Ip }]);
  desired.remove('b');
  expect(changedKeys(desired)).toEqual([]);
  expect(desired.objects.get(fdb)).toBe(fdb);
});

type Move = {
  readonly source: string;
  readonly entries: readonly { readonly n: number; readonly dst: number }[];
};

test('any sequence of updates gives what the sources say, and tells every key that is different', () => {
  const entry = (n: number, dst: number): FdbEntry => ({ ...fdb, dev: `d${n}`, dst: `192.0.2.${dst}` as Ip });
  const move: fc.Arbitrary<Move> = fc.record({
    source: fc.constantFrom('a', 'b', 'c'),
    entries: fc.array(fc.record({ n: fc.nat(4), dst: fc.nat(2) }), { maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 12 }), fc.nat(11), (moves, pause) => {
      const desired = new DesiredState();
      const said = new Map<string, LinuxObject[]>();
      let seen = new Map<ObjectKey, LinuxObject>();
      moves.forEach(({ source, entries }, i) => {
        said.set(
          source,
          entries.map(({ n, dst }) => entry(n, dst)),
        );
        desired.set(source, said.get(source) ?? []);
        if (i !== pause && i !== moves.length - 1) return;
        const expected = new Map<ObjectKey, LinuxObject>();
        for (const name of ['c', 'b', 'a']) for (const o of said.get(name) ?? []) expected.set(keyOf(o), o);
        expect(new Map([...desired.objects].map((o) => [keyOf(o), o]))).toEqual(expected);
        const changed = changedKeys(desired);
        expect(new Set(changed).size).toBe(changed.length);
        for (const key of new Set([...expected.keys(), ...seen.keys()])) {
          const before = seen.get(key);
          const now = expected.get(key);
          const differs = JSON.stringify(before) !== JSON.stringify(now);
          if (differs) expect(changed).toContain(key);
        }
        seen = expected;
      });
    }),
  );
});

test('the objects know what stands on what after every update', () => {
  const desired = new DesiredState();
  desired.set('n', [vxlan]);
  desired.set('e', [fdb, neighbour]);
  desired.remove('e');
  desired.set('f', [neighbour]);
  const place = `${vxlan.scope} neighbours vxlan0`;
  expect(desired.objects.users(place)).toEqual([neighbour]);
  expect([...desired.objects.providers(place)]).toEqual([vxlan]);
  const route = { ...everything(sandboxScope('/c1')).find((o) => o.kind === 'route') } as Route;
  desired.set('r', [route]);
  desired.set('r', [{ ...route, dev: 'eth1' }]);
  expect(desired.objects.users(`${route.scope} link eth0`)).toEqual([]);
  expect(desired.objects.users(`${route.scope} link eth1`)).toEqual([{ ...route, dev: 'eth1' }]);
  expect(new ObjectSet(desired.objects).users(place)).toEqual(desired.objects.users(place));
});
