import { expect, test } from '@jest/globals';
import { WeftError } from '../../model/errors.ts';
import { asStoreError, CallFailed, isContactLost, isTurnedAway } from './errors.ts';

const failed = (status?: number, unsent = false): CallFailed =>
  new CallFailed('127.0.0.1:8500', {
    details: 'what the server says',
    unsent,
    ...(status === undefined ? {} : { status }),
  });

test.each([
  { status: 400, read: 'STORE_LIMIT', write: 'STORE_LIMIT' },
  { status: 403, read: 'STORE_DENIED', write: 'STORE_DENIED' },
  { status: 404, read: 'STORE_LEASE_LOST', write: 'STORE_LEASE_LOST' },
  { status: 413, read: 'STORE_LIMIT', write: 'STORE_LIMIT' },
  { status: 301, read: 'STORE_UNAVAILABLE', write: 'STORE_AMBIGUOUS' },
  { status: 500, read: 'STORE_UNAVAILABLE', write: 'STORE_AMBIGUOUS' },
  { status: undefined, read: 'STORE_UNAVAILABLE', write: 'STORE_AMBIGUOUS' },
])('HTTP status $status of a read is $read, of a write that was sent $write', ({ status, read, write }) => {
  expect(asStoreError(failed(status), 'read k', 'read')).toMatchObject({ code: read });
  expect(asStoreError(failed(status), 'write k', 'write')).toMatchObject({ code: write });
  expect(isContactLost(failed(status))).toBe(write === 'STORE_AMBIGUOUS');
});

test('a write that surely never left is unavailable, not ambiguous', () => {
  expect(asStoreError(failed(undefined, true), 'write k', 'write')).toMatchObject({
    code: 'STORE_UNAVAILABLE',
  });
});

test('who is not trusted was sent nothing, and another server may be: of a write as well', () => {
  const details = 'the server does not speak TLS on this port';
  const error = new CallFailed('h1:8501', { details, unsent: true, distrust: true });
  const told = {
    code: 'STORE_DENIED',
    message: `cannot write k: no trust between Consul and us: h1:8501: ${details}`,
  };
  for (const each of [error, error.asUnsent()]) {
    expect(asStoreError(each, 'write k', 'write')).toMatchObject(told);
    expect(isContactLost(each)).toBe(true);
  }
  expect(asStoreError(failed(403).asUnsent(), 'write k', 'write')).toMatchObject({ code: 'STORE_DENIED' });
});

test('the message names the wish, the server and its answer', () => {
  expect(asStoreError(failed(403), 'write weft/v1/nodes/n1', 'write').message).toBe(
    'cannot write weft/v1/nodes/n1: Consul answers: 127.0.0.1:8500: what the server says (HTTP status 403)',
  );
  expect(asStoreError(failed(), 'read k', 'read').message).toBe(
    'cannot read k: no answer from Consul: 127.0.0.1:8500: what the server says',
  );
  expect(asStoreError(failed(500), 'write k', 'write').message).toContain('the reply was lost');
});

test('what is no answer of a server passes as it is', () => {
  const reason = new WeftError('STORE_CLOSED', 'closed');
  expect(asStoreError(reason, 'read k', 'read')).toBe(reason);
});

test.each([
  [500, 'No cluster leader', true],
  [500, 'rpc error making call: No cluster leader', true],
  [
    500,
    'rpc error getting client: failed to get conn: dial tcp 192.0.2.1:0->192.0.2.1:8300: connect: connection refused',
    true,
  ],
  [500, 'rpc error making call: node is not the leader', true],
  [429, 'Your IP is issuing too many concurrent connections, please rate limit your calls', true],
  [500, 'leadership lost while committing log', false],
  [500, 'rpc error making call: EOF', false],
  [403, 'Permission denied', false],
])('HTTP status %s «%s»: surely not taken is %s', (status, details, expected) => {
  expect(isTurnedAway(status, details)).toBe(expected);
});
