import { realpathSync } from 'node:fs';
import type { StoreAddress } from '../url.ts';

/** Do two addresses surely lead to one store? Two names of one server are not seen through. */
export function isSameStore(a: StoreAddress, b: StoreAddress): boolean {
  return sharesServer(a, b) && a.prefix === b.prefix;
}

/** Does one of two stores surely lie inside the other: what is written to it changes the other as well? */
export function isNestedStore(a: StoreAddress, b: StoreAddress): boolean {
  const isWithin = a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix);
  return isWithin && a.prefix !== b.prefix && sharesServer(a, b);
}

/** Prefixes of a file are its own business, and no URL names one. */
function sharesServer(a: StoreAddress, b: StoreAddress): boolean {
  if (a.kind === 'file' && b.kind === 'file') return real(a.path) === real(b.path);
  if (a.kind === 'file' || b.kind === 'file') return false;
  const places = new Set(a.endpoints.map(placeOf));
  return a.kind === b.kind && b.endpoints.some((each) => places.has(placeOf(each)));
}

const placeOf = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `${host.toLowerCase()} ${port}`;

/** A file that is not there yet is no other one under another name. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
