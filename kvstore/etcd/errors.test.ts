import { expect, test } from '@jest/globals';
import { WeftError } from '../../model/errors.ts';
import { asStoreError, CallFailed, isContactLost } from './errors.ts';

const failed = (code: number, unsent = false): CallFailed =>
  new CallFailed('127.0.0.1:2379', { code, details: 'what the server says' }, unsent);

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

test('a write that surely never left is unavailable, not ambiguous', () => {
  expect(asStoreError(failed(14, true), 'write k', 'write')).toMatchObject({ code: 'STORE_UNAVAILABLE' });
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
