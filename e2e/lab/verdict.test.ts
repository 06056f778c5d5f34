import { expect, test } from '@jest/globals';
import type { PairResult } from './ping-table.ts';
import type { TunnelCount } from './tunnels.ts';
import { verdictOf } from './verdict.ts';

type Told = Pick<PairResult, 'expected' | 'ok'>;

const reached: Told = { expected: 'reachable', ok: true };
const silent: Told = { expected: 'reachable', ok: false };
const kept: Told = { expected: 'isolated', ok: true };
const breach: Told = { expected: 'isolated', ok: false };

const tunnel = (sent: number, received: number): TunnelCount => {
  return { host: 'h1', network: 'blue', networkId: '00', sent, received };
};

test.each<[what: string, pairs: readonly Told[], moved: readonly TunnelCount[], ok: boolean]>([
  ['all as expected', [reached, kept], [tunnel(3, 2)], true],
  ['one host, so that no tunnel is needed', [reached, kept], [], true],
  ['nobody else to be isolated from', [reached], [tunnel(1, 1)], true],
  ['a pair that is silent', [reached, silent, kept], [tunnel(3, 2)], false],
  ['another network that answers', [reached, breach], [tunnel(3, 2)], false],
  ['a tunnel that sent nothing', [reached], [tunnel(3, 2), tunnel(0, 2)], false],
  ['a tunnel that received nothing', [reached], [tunnel(3, 0)], false],
  ['a counter that went back', [reached], [tunnel(-4, 2)], false],
  ['a tunnel that stood still although all pairs answered', [reached, kept], [tunnel(0, 0)], false],
  ['nobody at all', [], [], false],
  ['only pairs that are to be isolated', [kept, kept], [tunnel(3, 2)], false],
])('%s', (_, pairs, moved, ok) => {
  const verdict = verdictOf(pairs, moved);
  expect(verdict.ok).toBe(ok);
  expect(verdict.tunnels.map((each) => each.ok)).toEqual(moved.map((m) => m.sent > 0 && m.received > 0));
});
