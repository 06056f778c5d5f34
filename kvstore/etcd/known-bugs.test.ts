import { expect, test } from '@jest/globals';
import { knownBugs } from './known-bugs.ts';

test.each([
  ['3.4.23', ['covered etcd #18089']],
  ['3.4.34', []],
  ['3.5.2', ['covered etcd #18089', 'problem etcd #13766']],
  ['3.5.3', ['covered etcd #18089']],
  ['3.5.15', ['covered etcd #18089']],
  ['3.5.16', []],
  ['3.6.0', []],
  ['3.5.0-rc.1', ['covered etcd #18089', 'problem etcd #13766']],
  ['4', []],
  ['', []],
])('etcd %p is known for %j', (version, bugs) => {
  expect(knownBugs(version).map(({ kind, text }) => `${kind} ${text.split(':')[0]}`)).toEqual(bugs);
});
