import { expect, test } from '@jest/globals';
import { WeftError } from '../../model/errors.ts';
import {
  asStoreError,
  CallFailed,
  isContactLost,
  isLeaderChange,
  isLoginLost,
  type Stage,
} from './errors.ts';

const failed = (code: number, stage: Stage = 'sent', details = 'what the server says'): CallFailed =>
  new CallFailed('127.0.0.1:2379', { code, details }, stage);

test.each([
  { status: 'INVALID_ARGUMENT', code: 3, read: 'STORE_LIMIT', write: 'STORE_LIMIT' },
  { status: 'NOT_FOUND', code: 5, read: 'STORE_LEASE_LOST', write: 'STORE_LEASE_LOST' },
  { status: 'PERMISSION_DENIED', code: 7, read: 'STORE_DENIED', write: 'STORE_DENIED' },
  { status: 'UNAUTHENTICATED', code: 16, read: 'STORE_DENIED', write: 'STORE_DENIED' },
  { status: 'RESOURCE_EXHAUSTED', code: 8, read: 'STORE_UNAVAILABLE', write: 'STORE_UNAVAILABLE' },
  { status: 'CANCELLED', code: 1, read: 'STORE_UNAVAILABLE', write: 'STORE_AMBIGUOUS' },
  { status: 'UNKNOWN', code: 2, read: 'STORE_UNAVAILABLE', write: 'STORE_AMBIGUOUS' },
  { status: 'DEADLINE_EXCEEDED', code: 4, read: 'STORE_UNAVAILABLE', write: 'STORE_AMBIGUOUS' },
  { status: 'INTERNAL', code: 13, read: 'STORE_UNAVAILABLE', write: 'STORE_AMBIGUOUS' },
  { status: 'UNAVAILABLE', code: 14, read: 'STORE_UNAVAILABLE', write: 'STORE_AMBIGUOUS' },
])('$status of a read is $read, of a write that was sent $write', ({ code, read, write }) => {
  expect(asStoreError(failed(code), 'read k', 'read')).toMatchObject({ code: read });
  expect(asStoreError(failed(code), 'write k', 'write')).toMatchObject({ code: write });
  expect(isContactLost(failed(code))).toBe(write === 'STORE_AMBIGUOUS');
});

test('a used up quota is STORE_FULL, of which the message says what to do; another server says the same', () => {
  const error = failed(8, 'sent', 'etcdserver: mvcc: database space exceeded');
  expect(isContactLost(error)).toBe(false);
  const told = asStoreError(error, 'write k', 'write');
  expect(told).toMatchObject({ code: 'STORE_FULL', retry: 'transient' });
  expect(told.message).toMatch(/database space exceeded .*compact and defragment .*etcdctl alarm disarm/);
});

test('a write that surely never left is unavailable, not ambiguous', () => {
  expect(asStoreError(failed(14, 'unsent'), 'write k', 'write')).toMatchObject({ code: 'STORE_UNAVAILABLE' });
});

test('the message names the wish, the server and its answer', () => {
  const { message } = asStoreError(failed(7), 'write weft/v1/nodes/n1', 'write');
  expect(message).toBe(
    'cannot write weft/v1/nodes/n1: etcd answers: 127.0.0.1:2379: what the server says (gRPC status 7)',
  );
});

test('the message says whether nobody answered or the reply to a write was lost', () => {
  const why = '127.0.0.1:2379: what the server says (gRPC status 14)';
  expect(asStoreError(failed(14), 'read k', 'read').message).toBe(
    `cannot read k: no answer from etcd: ${why}`,
  );
  expect(asStoreError(failed(14), 'write k', 'write').message).toBe(
    `cannot write k: the reply was lost: ${why}`,
  );
});

test('what is no answer of a server passes as it is', () => {
  const reason = new WeftError('STORE_CLOSED', 'closed');
  expect(asStoreError(reason, 'read k', 'read')).toBe(reason);
});

test.each([
  { code: 16, details: 'etcdserver: invalid auth token' },
  { code: 3, details: 'etcdserver: revision of auth store is old' },
  { code: 3, details: 'etcdserver: user name is empty' },
])(
  '$details: the login is lost and nothing was done, so that a write is not ambiguous',
  ({ code, details }) => {
    const error = failed(code, 'sent', details);
    expect([isLoginLost(error), isContactLost(error)]).toEqual([true, false]);
    expect(asStoreError(error, 'write k', 'write')).toMatchObject({ code: 'STORE_DENIED' });
  },
);

test('other malformed requests and permissions are not mended by a login', () => {
  for (const code of [3, 7]) expect(isLoginLost(failed(code))).toBe(false);
});

test('a refused handshake is STORE_DENIED with the reason, sends nothing, and another server may be in order', () => {
  const error = failed(14, 'handshake', 'the certificate has expired');
  expect(isContactLost(error)).toBe(true);
  const told = asStoreError(error, 'write k', 'write');
  expect(told).toMatchObject({ code: 'STORE_DENIED' });
  expect(told.message).toBe(
    'cannot write k: no trust between etcd and us: 127.0.0.1:2379: the certificate has expired',
  );
});

test('a refused login is STORE_DENIED, and no other server says otherwise', () => {
  const error = failed(3, 'login', 'login of the user node: wrong');
  expect(isContactLost(error)).toBe(false);
  expect(asStoreError(error, 'write k', 'write')).toMatchObject({ code: 'STORE_DENIED' });
});

test('a server that tells of another leader is well, one that knows none is not', () => {
  const says = (details: string): boolean => isLeaderChange(failed(14, 'sent', details));
  expect([says('etcdserver: leader changed'), says('etcdserver: no leader')]).toEqual([true, false]);
});
