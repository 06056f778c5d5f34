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

/** Keys of one page: a few megabytes at most, where values are what the product writes. */
const pageKeys = 2000;

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
  let first: IRangeResponse | undefined;
  let from = key;
  while (true) {
    const request = { key: from, range_end, limit: pageKeys, revision: first?.header.revision ?? 0 };
    const page = await calls.repeatable(wish, (m) => m.range, request, options);
    for (const kv of page.kvs) entries.push(space.listed(kv));
    first ??= page;
    const last = page.kvs.at(-1);
    if (!page.more || last === undefined) {
      const { revision, cluster_id } = first.header;
      return { revision: Number(revision), identity: cluster_id, entries };
    }
    from = Buffer.concat([last.key, Buffer.of(0)]);
  }
}
