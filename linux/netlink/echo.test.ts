import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Ip } from '../../model/ip.ts';
import type { Mac } from '../../model/mac.ts';
import * as lab from '../kernel-contract-objects.ts';
import type { FdbEntry, NeighbourEntry } from '../objects/forwarding.ts';
import type { Step } from '../plan/step.ts';
import { entryRequest } from './codec/testing/entry-request.ts';
import { Echo } from './echo.ts';

const index = 3;
type Entry = FdbEntry | NeighbourEntry;

/** What the kernel says when the step is carried out: the message has the form of the request. */
function notice({ op, object }: Step): readonly [type: number, body: Buffer] {
  const entry = object as Entry;
  const how = op === 'delete' ? 'delete' : 'put';
  const { type, body } = entryRequest(entry, index, how);
  // Somewhere in a larger buffer, as it is received.
  return [type, Buffer.concat([Buffer.alloc(40), body])];
}

const taken = (echo: Echo, step: Step, dev = 'vxlan0'): boolean => {
  const [type, bytes] = notice(step);
  return echo.takes(type, bytes, 40, bytes.length, (i) => (i === index ? dev : undefined));
};

const anyMac = fc.nat(0xff).map((n) => `02:57:00:00:00:${n.toString(16).padStart(2, '0')}` as Mac);
const vtep = fc.constantFrom('192.0.2.2' as Ip, '192.0.2.30' as Ip, '2001:db8::2' as Ip);
const inner = fc.constantFrom('10.7.0.9' as Ip, '10.7.0.10' as Ip, 'fd00:7::9' as Ip, 'fd00:7::1:9' as Ip);
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ mac: anyMac, dst: vtep }).map((o) => ({ ...lab.fdb, ...o })),
  fc.record({ mac: anyMac, ip: inner }).map((o) => ({ ...lab.neighbour, ...o })),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ op: fc.constant('create' as const), object: entry }),
  fc.record({ op: fc.constant('delete' as const), object: entry }),
  fc.constant<Step>({ op: 'create', object: lab.br0 }),
);

test('the echo of everything that is written is taken, in order, also where some writes have none', () => {
  const silent = fc.tuple(step, fc.boolean());
  fc.assert(
    fc.property(fc.array(silent, { maxLength: 100 }), (all) => {
      const echo = new Echo(all.map(([one]) => one));
      const heard = all.filter(([one, isSilent]) => !isSilent && one.object !== lab.br0);
      expect(heard.map(([one]) => taken(echo, one))).toEqual(heard.map(() => true));
    }),
  );
});

/** Removed is what has the address, whatever MAC it had. */
const effect = ({ op, object }: Step): string =>
  JSON.stringify([op, op === 'delete' && object.kind === 'neighbour' ? object.ip : object]);

test('what is not written is never taken', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), step, (all, other) => {
      fc.pre(other.object !== lab.br0);
      const isWritten = all.some((one) => effect(one) === effect(other));
      expect(taken(new Echo(all), other)).toBe(isWritten);
    }),
  );
});

test('each write has one echo: what comes after it is news', () => {
  const put: Step = { op: 'create', object: lab.fdb };
  const echo = new Echo([put]);
  expect([taken(echo, put), taken(echo, put)]).toEqual([true, false]);
});

test('the same entry on another device is none', () => {
  expect(
    taken(new Echo([{ op: 'create', object: lab.fdb }]), { op: 'create', object: lab.fdb }, 'vxlan1'),
  ).toBe(false);
});

test('a neighbour that is removed is told of twice', () => {
  const removal: Step = { op: 'delete', object: lab.neighbour };
  const echo = new Echo([removal]);
  const failed = Buffer.concat([
    Buffer.alloc(40),
    Buffer.from('020000000300000020000000080001000a070009', 'hex'),
  ]);
  expect(echo.takes(28, failed, 40, failed.length, () => 'vxlan0')).toBe(true);
  expect([taken(echo, removal), taken(echo, removal)]).toEqual([true, false]);
});
