import { asWeftError, hasCode, WeftError } from '../../model/errors.ts';

/** What came of one network of several: what it failed with begins with its name. */
type Named<T> =
  { readonly kind: 'done'; readonly value: T } | { readonly kind: 'failed'; readonly error: WeftError };

/** @throws when there is nobody to do anything. */
export async function named<T>(name: string, act: () => Promise<T>): Promise<Named<T>> {
  try {
    return { kind: 'done', value: await act() };
  } catch (error) {
    if (hasCode(error, 'DAEMON_UNREACHABLE', 'PERMISSION_DENIED')) throw error;
    const { code, message, details } = asWeftError(error);
    return { kind: 'failed', error: new WeftError(code, `${name}: ${message}`, { cause: error, details }) };
  }
}
