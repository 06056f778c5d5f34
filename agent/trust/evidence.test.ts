import { describe, expect, test } from '@jest/globals';
import { encodeText } from '../../kvstore/store.ts';
import type { Cluster } from '../../model/node.ts';
import { weigh, type Found, type Known } from './evidence.ts';

const facts: Cluster = {
  id: 'c1',
  epoch: 3,
  underlay: 4,
  port: 4789,
  vniFirst: 1,
  vniLast: 9,
  pools: [],
  minimumVersion: '0.1.0',
};
const entry = { key: 'cluster', value: encodeText('{}'), revision: 9, created: 5 };
const known: Known = { cluster: 'c1', epoch: 3, created: 5, serial: 7 };
const same: Found = { cluster: { facts, entry }, filledFrom: undefined, serial: 7, isFenced: false };
const ours = { kind: 'ours', isAccepted: false };
const lost = (why: RegExp) => ({ kind: 'lost', why: expect.stringMatching(why) as unknown });

describe('a store', () => {
  test.each<[string, Partial<Found>, object]>([
    ['that says what it said before', {}, ours],
    ['in which our record was written since', { serial: 8 }, ours],
    ['that holds no cluster', { cluster: undefined, serial: undefined }, lost(/does not hold cluster c1/)],
    [
      'whose cluster was made anew',
      { cluster: { facts, entry: { ...entry, created: 6 } } },
      lost(/made anew/),
    ],
    ['that lacks our record', { serial: undefined }, lost(/no record of this node/)],
    ['that lacks our record since we were fenced', { serial: undefined, isFenced: true }, ours],
    ['with an older record of ours', { serial: 6 }, lost(/older/)],
    ['that is being filled', { filledFrom: '"a dump"' }, lost(/filled from "a dump"/)],
    [
      'of another cluster',
      { cluster: { facts: { ...facts, id: 'c2' }, entry } },
      { kind: 'foreign', cluster: 'c2' },
    ],
    [
      'of another cluster that is being filled',
      { cluster: { facts: { ...facts, id: 'c2' }, entry }, filledFrom: 'x' },
      { kind: 'foreign', cluster: 'c2' },
    ],
    [
      'that somebody has accepted as it is',
      { cluster: { facts: { ...facts, epoch: 4 }, entry: { ...entry, created: 2 } }, serial: undefined },
      { kind: 'ours', isAccepted: true },
    ],
  ])('%s', (_, changed, finding) => {
    expect(weigh(known, { ...same, ...changed })).toEqual(finding);
  });

  test('that says all it said before, in an odd update, is doubted; accepted, it is not', () => {
    expect(weigh(known, same, 'its revision went back')).toEqual(lost(/^its revision went back$/));
    const accepted = { ...same, cluster: { facts: { ...facts, epoch: 4 }, entry } };
    expect(weigh(known, accepted, 'its revision went back')).toEqual({ kind: 'ours', isAccepted: true });
  });

  test('that lacks our record after we were away for long has forgotten us; it is doubted for what else is odd of it', () => {
    const longGone = { ...known, mayBeForgotten: true };
    expect(weigh(longGone, { ...same, serial: undefined })).toEqual(ours);
    expect(weigh(longGone, { ...same, serial: 6 })).toEqual(lost(/older/));
    expect(weigh(longGone, { ...same, cluster: undefined })).toEqual(lost(/does not hold cluster/));
  });

  test('of which nothing was known but its cluster is ours', () => {
    expect(weigh({ cluster: 'c1', epoch: 1 }, { ...same, serial: undefined })).toMatchObject({
      kind: 'ours',
    });
  });
});
