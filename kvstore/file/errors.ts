import { WeftError, type ErrorCode } from '../../model/errors.ts';

/** Primary result codes of SQLite (sqlite.org/rescode.html) with a name and the code that our callers decide by. */
const results: ReadonlyMap<number, readonly [name: string, code: ErrorCode]> = new Map([
  [3, ['SQLITE_PERM', 'STORE_DENIED']],
  [5, ['SQLITE_BUSY', 'STORE_UNAVAILABLE']],
  [6, ['SQLITE_LOCKED', 'STORE_UNAVAILABLE']],
  [8, ['SQLITE_READONLY', 'STORE_DENIED']],
  [10, ['SQLITE_IOERR', 'STORE_UNAVAILABLE']],
  [11, ['SQLITE_CORRUPT', 'STORE_UNAVAILABLE']],
  [13, ['SQLITE_FULL', 'STORE_FULL']],
  [14, ['SQLITE_CANTOPEN', 'STORE_UNAVAILABLE']],
  [18, ['SQLITE_TOOBIG', 'STORE_LIMIT']],
  [26, ['SQLITE_NOTADB', 'INPUT_INVALID']],
]);

/** The file is there and cannot be read; no other try will change that. */
const damaged: ReadonlySet<string> = new Set(['SQLITE_CORRUPT', 'SQLITE_NOTADB']);
const damagedAdvice =
  '; if it was a store, stop weftd and move the file away, with what lies beside it under the same name: a new one is filled ' +
  'by `weft store restore` from a dump, or by the agents with what they know';

const systemCodes: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'STORE_FULL',
  EDQUOT: 'STORE_FULL',
  EACCES: 'STORE_DENIED',
  EPERM: 'STORE_DENIED',
  EROFS: 'STORE_DENIED',
  ENOTDIR: 'INPUT_INVALID',
  EISDIR: 'INPUT_INVALID',
  EEXIST: 'INPUT_INVALID',
  ENAMETOOLONG: 'INPUT_INVALID',
};

/**
 * What SQLite or the file system answered, as a WeftError; `wish` is what we were about to do, with the file's name. A WeftError
 * stays as it is. In a commit, an input or output error leaves open whether the transaction will be found applied.
 */
export function fileError(wish: string, error: unknown, phase: 'commit' | 'other' = 'other'): WeftError {
  if (error instanceof WeftError) return error;
  const { errcode, code, message } = error as { errcode?: number; code?: string; message?: string };
  const known = errcode === undefined ? undefined : results.get(errcode & 0xff);
  const text = `cannot ${wish}: ${message ?? String(error)}`;
  if (known !== undefined) {
    const [name, ours] = known;
    const lost = phase === 'commit' && name === 'SQLITE_IOERR';
    return new WeftError(
      lost ? 'STORE_AMBIGUOUS' : ours,
      `${text} (${name})${damaged.has(name) ? damagedAdvice : adviceOn(ours)}`,
      {
        cause: error,
        details: { sqlite: errcode },
      },
    );
  }
  const system = code === undefined || !/^E[A-Z]+$/.test(code) ? undefined : code;
  if (system === undefined) return new WeftError('INVARIANT', text, { cause: error });
  const ours = systemCodes[system] ?? 'STORE_UNAVAILABLE';
  return new WeftError(ours, `${text}${adviceOn(ours)}`, {
    cause: error,
    details: { errno: system },
  });
}

const adviceOn = (code: ErrorCode): string => (code === 'STORE_FULL' ? '; make room on its file system' : '');

/** Does another process hold a lock that the call needs? */
export function isBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode !== undefined && results.get(errcode & 0xff)?.[0] === 'SQLITE_BUSY';
}
