import type { DeclarationJson } from '../../api/schemas/network.ts';
import type { NetworkState } from '../../kvstore/records/network-json.ts';
import { encodeWish } from '../../kvstore/records/wish.ts';
import { decodeText, type Entry } from '../../kvstore/store.ts';
import type { Name } from '../../model/name.ts';

/** The declaration as it stands, or one that says the same as what was accepted; undefined when there is neither. */
export function declarationOf(
  name: Name,
  entry: Entry | undefined,
  state: NetworkState | undefined,
): DeclarationJson | undefined {
  if (entry !== undefined)
    return { name, text: textIn(entry.value), revision: entry.revision, declared: true };
  if (state === undefined || !('id' in state)) return undefined;
  const text = decodeText(encodeWish({ ...state, fromPools: [] }));
  return { name, text, revision: 0, declared: false };
}

/** What is no text is nothing that could be edited. */
export function textIn(value: Uint8Array): string {
  try {
    return decodeText(value);
  } catch {
    return '';
  }
}
