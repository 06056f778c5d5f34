import type { IRangeResponse } from 'etcd3/lib/rpc.js';
import { WeftError } from '../../model/errors.ts';
import type { CallOptions, Entry, Listing } from '../store.ts';
import type { Calls } from './calls.ts';
import { isCompacted } from './errors.ts';
import type { KeySpace } from './key-space.ts';

/** A listing, and whose it is. */
export interface Truth extends Listing {
  readonly identity: string;
}

export interface ListPorts {
  readonly calls: Calls;
  readonly space: KeySpace;
}

/**
 * A server looks at the whole rest of the listing for each page, so that few large ones spare it work; an answer of a few
 * megabytes keeps nobody waiting. The first page shows how large keys and values are.
 */
const page = { first: 1000, least: 100, most: 20_000, bytes: 3 * 1024 * 1024 } as const;

/** The store compacts seldom; a listing that is overtaken by it this often is not worth another attempt. */
const attempts = 3;

/** All keys that start with `prefix`, page by page, each page as of the revision of the first one. */
export async function list(ports: ListPorts, prefix: string, options?: CallOptions): Promise<Truth> {
  const wish = `list ${ports.space.prefix}${prefix}`;
  for (let left = attempts; left > 0; left -= 1) {
    try {
      return await listOnce(ports, prefix, wish, options);
    } catch (error) {
      if (!(error instanceof WeftError && isCompacted(error.cause))) throw error;
    }
  }
  throw new WeftError(
    'STORE_UNAVAILABLE',
    `cannot ${wish}: the store compacted its history ${attempts} times meanwhile`,
  );
}

async function listOnce(
  { calls, space }: ListPorts,
  prefix: string,
  wish: string,
  options?: CallOptions,
): Promise<Truth> {
  const { key, range_end } = space.range(prefix);
  const entries: Entry[] = [];
  let first: IRangeResponse['header'] | undefined;
  let from = key;
  let limit: number = page.first;
  while (true) {
    const request = { key: from, range_end, limit, revision: first?.revision ?? 0 };
    const { kvs, more, header } = await calls.repeatable(wish, (m) => m.range, request, options);
    for (const kv of kvs) entries.push(space.listed(kv));
    first ??= header;
    const last = kvs.at(-1);
    if (!more || last === undefined) {
      const { revision, cluster_id } = first;
      return { revision: Number(revision), identity: cluster_id, entries };
    }
    from = Buffer.concat([last.key, Buffer.of(0)]);
    limit = keysPerPage(kvs);
  }
}

/** How many keys to ask for after these. */
export function keysPerPage(
  kvs: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[],
): number {
  const bytes = kvs.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
  const fitting = Math.floor((kvs.length * page.bytes) / bytes);
  return Math.max(page.least, Math.min(page.most, fitting));
}
