import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { judge, Suspicions } from './drift.ts';
import * as lab from './kernel-contract-objects.ts';
import type { Notice } from './notice.ts';
import { keyOf, type LinuxObject, type ObjectKey } from './objects/object.ts';
import { ObjectSet } from './objects/object-set.ts';
import { sandboxScope, unknownSandbox } from './objects/scope.ts';
import { sameObject } from './plan/change-table.ts';

const sandbox = sandboxScope('/run/netns/c1');
const wanted = lab.everything(sandbox);
const desired = new ObjectSet(wanted);
const veth = lab.veth(sandbox);
const right = { mac: veth.peer.mac, mtu: veth.mtu, up: true };
const port = { kind: 'port', scope: lab.scope, name: veth.name } as const;
const inside = { kind: 'interface', scope: sandbox, name: 'eth0' } as const;
const half = { ...veth, peer: { ...veth.peer, scope: unknownSandbox, name: '' } };
const foreign = { ...lab.sandboxAddress(sandbox), ip: '10.66.0.1' as typeof lab.neighbour.ip };

const kindsOf = (notice: Notice): readonly string[] => judge(notice, desired).map(({ kind }) => kind);

test.each(wanted)('$kind as wanted is no drift; changed, or lost, it is', (object) => {
  expect(kindsOf({ kind: 'holds', object: { ...object } })).toEqual(['as wanted']);
  expect(kindsOf({ kind: 'lost', object })).toEqual(['drift']);
});

test.each(lab.changes(sandbox).filter(([from]) => desired.has(from) && sameObject(desired.get(from)!, from)))(
  'another form of $kind is drift',
  (_, object) => {
    expect(kindsOf({ kind: 'holds', object })).toEqual(['drift']);
  },
);

const cases: readonly (readonly [string, Notice, readonly string[]])[] = [
  ['a port that says nothing of its other end', { kind: 'holds', object: half }, ['as wanted']],
  ['such a port with another MTU', { kind: 'holds', object: { ...half, mtu: 1300 } }, ['drift']],
  [
    'a device of another kind under the name of ours',
    { kind: 'holds', object: { ...lab.br0, name: 'vxlan0' } },
    ['drift'],
  ],
  ['an entry that nobody wants', { kind: 'holds', object: lab.strays.fdb.object }, ['drift']],
  ['an entry that nobody wants, gone', { kind: 'lost', object: lab.strays.fdb.object }, ['as wanted']],
  [
    'a setting that is not ours',
    {
      kind: 'holds',
      object: { kind: 'sysctl', scope: lab.scope, key: 'net/ipv4/x', value: '1', optional: false },
    },
    ['nothing'],
  ],
  ['an address too many on an interface of ours in a sandbox', { kind: 'holds', object: foreign }, ['drift']],
  [
    'an address on an interface of somebody else there',
    { kind: 'holds', object: { ...foreign, dev: 'eth9' } },
    ['nothing'],
  ],
  ['our flags at a port', { ...port, flags: { learning: false, flood: false, odd: false } }, ['as wanted']],
  ['a port that floods', { ...port, flags: { learning: false, flood: true, odd: false } }, ['drift']],
  ['a port with another option', { ...port, flags: { learning: false, flood: false, odd: true } }, ['drift']],
  ['a device that is no port any more', { ...port, flags: undefined }, ['drift']],
  [
    'a tunnel device that floods, as it shall',
    { ...port, name: 'vxlan0', flags: { learning: false, flood: true, odd: false } },
    ['as wanted'],
  ],
  [
    'the bridge itself',
    { ...port, name: 'br0', flags: { learning: false, flood: false, odd: false } },
    ['nothing'],
  ],
  ['our interface in the sandbox', { ...inside, state: right }, ['as wanted']],
  ['our interface, down', { ...inside, state: { ...right, up: false } }, ['drift']],
  ['our interface, gone', { ...inside, state: undefined }, ['drift']],
  ['an interface of somebody else', { ...inside, name: 'eth9', state: right }, ['nothing']],
  ['the end of the sandbox', { kind: 'ended', scope: sandbox }, ['drift']],
  ['the end of another sandbox', { kind: 'ended', scope: sandboxScope('/run/netns/c9') }, []],
  ['the end of our namespace', { kind: 'ended', scope: lab.scope }, ['drift']],
  ['the end of a namespace of another network', { kind: 'ended', scope: lab.secondScope }, []],
];
test.each(cases)('%s', (_, notice, judged) => {
  expect(kindsOf(notice)).toEqual(judged);
});

test('where nothing is wanted nothing is drift', () => {
  const nothing = new ObjectSet();
  for (const object of wanted) expect(judge({ kind: 'holds', object }, nothing)[0]?.kind).toBe('nothing');
});

test('after any changes of a kernel that tells of each, suspected is exactly what differs', () => {
  const forms = [
    ...wanted,
    ...lab.changes(sandbox).flat(),
    lab.strays.fdb.object,
    lab.strays.address.object,
  ].filter((o) => o.kind !== 'veth' || o.peer.scope === sandbox);
  const move = fc.record({ object: fc.constantFrom<LinuxObject>(...forms), isThere: fc.boolean() });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
      const kernel = new ObjectSet(wanted);
      const suspicions = new Suspicions();
      for (const { object, isThere } of moves) {
        // A kernel has its settings whatever happens.
        if (!isThere && object.kind === 'sysctl') continue;
        if (isThere) kernel.put(object);
        else kernel.delete(object);
        suspicions.hear({ kind: isThere ? 'holds' : 'lost', object }, desired);
      }
      expect([...suspicions.keys()].toSorted()).toEqual(differing(kernel));
      expect(suspicions.isEmpty).toBe(suspicions.keys().size === 0);
    }),
  );
});

function differing(kernel: ObjectSet): readonly ObjectKey[] {
  const all = new ObjectSet([...kernel, ...desired]);
  return [...all]
    .flatMap((o) => {
      const [is, wish] = [kernel.get(o), desired.get(o)];
      return is !== undefined && wish !== undefined && sameObject(is, wish) ? [] : [keyOf(o)];
    })
    .toSorted();
}

test('what is too much to be told apart is a suspicion until it is compared', () => {
  const suspicions = new Suspicions();
  const many = lab.crowd(2000);
  const all = new ObjectSet(many);
  for (const object of many) suspicions.hear({ kind: 'lost', object }, all);
  for (const object of many) suspicions.hear({ kind: 'holds', object }, all);
  expect([suspicions.keys().size, suspicions.isEmpty]).toEqual([0, false]);
  suspicions.clear();
  expect(suspicions.isEmpty).toBe(true);
});
