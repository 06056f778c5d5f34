import { WeftError } from './errors.ts';

declare const brand: unique symbol;
/** A name for people: of a network, an endpoint, a node, an auxiliary address, a cluster. */
export type Name = string & { readonly [brand]: 'Name' };

/**
 * The one rule for all names, as strict as CNI's (CNI specification 1.0, section "Network configuration"):
 * starts with a letter or digit, then letters, digits, `_`, `.`, `-`; at most 63 characters.
 * No `/`, no `..` as a whole, no control characters: a name is safe as a file name and as part of a store key.
 */
export const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/;

export function isName(text: unknown): text is Name {
  return typeof text === 'string' && namePattern.test(text);
}

/** @throws NAME_INVALID; `what` says whose name it is, for the message. */
export function parseName(what: string, text: string): Name {
  if (isName(text)) return text;
  throw new WeftError(
    'NAME_INVALID',
    `${what} name ${JSON.stringify(text.slice(0, 80))} is not allowed: it must start with a letter or digit and ` +
      'may go on with letters, digits, "_", "." and "-", at most 63 characters in all',
    { details: { name: text } },
  );
}
