import { expect, test } from '@jest/globals';
import type { CaseResult, SuiteResults } from '../../kvstore/testing/faults/results.ts';
import { asPage, asText, makeReport } from './report.ts';

const suite = (backEnd: string, ...cases: readonly CaseResult[]): SuiteResults => ({
  suite: 'faults',
  backEnd,
  form: 'short',
  date: '2026-11-25T12:00:00.000Z',
  version: `${backEnd} 1`,
  cases,
});
const passed = (name: string, figure?: string): CaseResult =>
  figure === undefined ? { name, kind: 'passed', ms: 10 } : { name, kind: 'passed', ms: 10, figure };
const exception = (name: string): CaseResult => ({
  name,
  kind: 'exception',
  why: 'no wire',
  cover: 'a lock',
});

test('cases stand beside each other, with figures, and exceptions are told once', () => {
  const report = makeReport([
    suite('file', exception('cut'), exception('mute')),
    suite('etcd', passed('cut', '3 cuts | all'), passed('mute')),
    suite('Consul', passed('cut'), passed('mute')),
  ]);
  expect(report.failures).toEqual([]);
  expect(asPage(report, ['Linux']).split('\n')).toEqual(
    expect.arrayContaining([
      '* Linux',
      '| case | etcd | Consul | file |',
      '| cut | passed: 3 cuts \\| all | passed | exception 1 |',
      '| mute | passed | passed | exception 1 |',
      '1. no wire. Cover: a lock.',
    ]),
  );
  expect(asText(report)).toContain('etcd: 3 cuts | all');
});

test('a case that failed, one that is missing, and a back end without any are failures', () => {
  const failed: CaseResult = { name: 'cut', kind: 'failed', ms: 1, message: 'lost\nmore' };
  const report = makeReport([suite('etcd', failed, passed('mute')), suite('Consul', passed('cut'))]);
  expect(report.failures).toEqual([
    'file: no suite ran',
    'etcd: cut: lost',
    'Consul: mute: did not run to its end',
  ]);
  expect(asText(report)).toMatch(/FAILED +passed +cut\npassed +MISSING +mute/);
});
