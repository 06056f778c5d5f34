import { expect, test } from '@jest/globals';
import { asWeftError, errorCodes, hasCode, invariant, WeftError } from './errors.ts';

test('an error has the retry word of its code', () => {
  const error = new WeftError('ADDRESS_TAKEN', 'address 10.7.0.2 is taken', {
    details: { address: '10.7.0.2' },
  });
  expect(error).toMatchObject({ name: 'WeftError', code: 'ADDRESS_TAKEN', retry: 'conflict' });
  expect(error.details).toEqual({ address: '10.7.0.2' });
});

test('a code is found anywhere in the chain of causes', () => {
  const inner = new WeftError('STORE_UNAVAILABLE', 'no answer');
  const outer = new Error('outer', { cause: new WeftError('TIMEOUT', 'too late', { cause: inner }) });
  expect(hasCode(outer, 'STORE_UNAVAILABLE')).toBe(true);
  expect(hasCode(outer, 'NOT_READY', 'TIMEOUT')).toBe(true);
  expect(hasCode(outer, 'NOT_READY')).toBe(false);
  expect(hasCode('TIMEOUT', 'TIMEOUT')).toBe(false);
});

test('a chain of causes that never ends is given up', () => {
  const error = new Error('round and round');
  error.cause = error;
  expect(hasCode(error, 'TIMEOUT')).toBe(false);
});

test('anything thrown becomes a WeftError; what is unknown is a bug that keeps its cause', () => {
  const known = new WeftError('TIMEOUT', 'too late');
  expect(asWeftError(known)).toBe(known);
  const cause = new TypeError('x is not a function');
  expect(asWeftError(cause)).toMatchObject({ code: 'INVARIANT', retry: 'bug', cause });
  expect(asWeftError('text').message).toContain('text');
});

test('an invariant passes or is our bug', () => {
  expect(() => {
    invariant(true, 'fine');
  }).not.toThrow();
  expect(() => {
    invariant(0, 'broken');
  }).toThrow(expect.objectContaining({ code: 'INVARIANT', message: 'broken' }));
});

test('exit codes and statuses are those that the table promises', () => {
  for (const facts of Object.values(errorCodes)) {
    expect([1, 2, 3, 4, 5, 6, 7]).toContain(facts.exit);
    expect(facts.http).toBeGreaterThanOrEqual(400);
    expect(facts.meaning).toMatch(/^[A-Z].*[.?]$/);
  }
});

test('a CNI code of ours has one meaning', () => {
  const ours = Object.values(errorCodes)
    .map((facts): number => facts.cni)
    .filter((cni) => cni >= 100);
  expect(new Set(ours).size).toBe(ours.length);
});
