import { WeftError } from '../model/errors.ts';

/** `--label team=a --label tier=web` as a record. @throws INPUT_INVALID: no `=`, or a key twice. */
export function pairsOf(flag: string, texts: readonly string[]): Readonly<Record<string, string>> {
  const pairs = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1) throw new WeftError('INPUT_INVALID', `${flag} ${JSON.stringify(text)} must be KEY=VALUE`);
    const key = text.slice(0, at);
    if (pairs.has(key)) throw new WeftError('INPUT_INVALID', `${flag} has ${JSON.stringify(key)} twice`);
    pairs.set(key, text.slice(at + 1));
  }
  return Object.fromEntries(pairs);
}
