import { expect, test } from '@jest/globals';
import { createColors } from 'picocolors';
import { checkText, type CheckJson } from './check-text.ts';

const limits = { txnOps: 128, valueBytes: 1_048_576, txnBytes: 1_500_000, minLeaseTtl: 2000 };
const healthy: CheckJson = {
  store: 'etcd a:2379, prefix weft/v1/',
  origin: 'flag --store',
  reachable: true,
  problems: [],
  covered: ['etcd #1: something'],
  servers: [
    { server: 'a:2379', answers: true, version: 'etcd 3.4.23', took: 1.26, notes: 'the leader' },
    { server: 'b:2379', answers: false, notes: 'cannot ask b:2379' },
  ],
  limits,
  identity: '17',
  revision: 42,
  cluster: 'c1',
  latency: { get: 0.51, txn: 2 },
  lease: { ttl: 15_000, atMost: 30_000 },
  keys: { cluster: 1, endpoint: 12 },
  agents: ['n1', 'n2'],
};
const text = (check: CheckJson): string => checkText(check, createColors(false));

test('a healthy store', () => {
  expect(text(healthy)).toBe(`healthy
* etcd #1: something

store     etcd a:2379, prefix weft/v1/ (flag --store)
identity  17
revision  42
cluster   c1
agents    n1 n2
keys      1 cluster, 12 endpoint
latency   read 0.5 ms, write 2.0 ms
leases    kept 15 s after the last contact, at most 30 s
limits    128 conditions and operations and 1464 KiB a transaction, 1024 KiB a value, leases from 2 s

SERVER  ANSWER  VERSION      NOTE
a:2379  1.3 ms  etcd 3.4.23  the leader
b:2379  none    -            -`);
});

test('a store that does not answer', () => {
  const away: CheckJson = {
    store: 'etcd a:2379, prefix weft/v1/',
    origin: 'default',
    reachable: false,
    problems: ['cannot ask a:2379\x1b[2J'],
    covered: [],
    servers: [{ server: 'a:2379', answers: false, notes: 'cannot ask a:2379' }],
    limits,
  };
  expect(text(away).split('\n')).toEqual([
    '! cannot ask a:2379?[2J',
    '',
    'store   etcd a:2379, prefix weft/v1/ (default)',
    expect.stringMatching(/^limits /),
    '',
    'SERVER  ANSWER  VERSION  NOTE',
    'a:2379  none    -        -',
  ]);
});

test('an empty store, and of many problems only some', () => {
  const problems = Array.from({ length: 23 }, (_, i) => `problem ${i}`);
  const { cluster: _, ...rest } = healthy;
  const lines = text({ ...rest, keys: {}, agents: [], problems }).split('\n');
  expect(lines.slice(19, 21)).toEqual(['! problem 19', '! and 3 more']);
  expect(lines).toEqual(
    expect.arrayContaining(['cluster   none yet', 'agents    none is running', 'keys      none']),
  );
});
