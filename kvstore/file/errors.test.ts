import { expect, test } from '@jest/globals';
import { WeftError } from '../../model/errors.ts';
import { fileError } from './errors.ts';

const sqlite = (errcode: number): Error =>
  Object.assign(new Error('some text'), { code: 'ERR_SQLITE_ERROR', errcode });
const system = (code: string): Error => Object.assign(new Error(`${code}: some text`), { code });

test.each([
  ['busy', sqlite(5), 'STORE_UNAVAILABLE', 'cannot write k: some text (SQLITE_BUSY)'],
  ['busy with an extended code', sqlite(517), 'STORE_UNAVAILABLE', '(SQLITE_BUSY)'],
  ['read-only', sqlite(8), 'STORE_DENIED', '(SQLITE_READONLY)'],
  ['a full disk', sqlite(13), 'STORE_FULL', '(SQLITE_FULL); make room on its file system'],
  ['input and output', sqlite(1034), 'STORE_UNAVAILABLE', '(SQLITE_IOERR)'],
  [
    'no database',
    sqlite(26),
    'INPUT_INVALID',
    '(SQLITE_NOTADB); if it was a store, stop weftd and move the file away',
  ],
  [
    'a damaged one',
    sqlite(11),
    'STORE_UNAVAILABLE',
    '(SQLITE_CORRUPT); if it was a store, stop weftd and move the file',
  ],
  ['a wrong statement', sqlite(1), 'INVARIANT', 'cannot write k: some text'],
  ['no permission', system('EACCES'), 'STORE_DENIED', 'EACCES: some text'],
  ['no space', system('ENOSPC'), 'STORE_FULL', 'ENOSPC: some text; make room'],
  ['a file for a directory', system('ENOTDIR'), 'INPUT_INVALID', 'ENOTDIR: some text'],
  ['wrong arguments', system('ERR_INVALID_ARG_TYPE'), 'INVARIANT', 'cannot write k'],
])('%s', (_, error, code, text) => {
  const ours = fileError('write k', error);
  expect([ours.code, ours.cause]).toEqual([code, error]);
  expect(ours.message).toContain(text);
});

test('input or output that fails in a commit leaves open what was applied; a full disk does not', () => {
  expect(fileError('write k', sqlite(1034), 'commit').code).toBe('STORE_AMBIGUOUS');
  expect(fileError('write k', sqlite(13), 'commit').code).toBe('STORE_FULL');
});

test('an error of ours stays as it is', () => {
  const error = new WeftError('STORE_LEASE_LOST', 'gone');
  expect(fileError('write k', error)).toBe(error);
});
