import { realpathSync } from 'node:fs';
import type { StoreAddress } from '../url.ts';

/** Do two addresses surely lead to one store? Two names of one server are not seen through. */
export function isSameStore(a: StoreAddress, b: StoreAddress): boolean {
  if (a.kind === 'file' && b.kind === 'file') return real(a.path) === real(b.path);
  if (a.kind === 'file' || b.kind === 'file') return false;
  const places = new Set(a.endpoints.map(placeOf));
  return a.kind === b.kind && a.prefix === b.prefix && b.endpoints.some((each) => places.has(placeOf(each)));
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
