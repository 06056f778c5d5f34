import { createHash } from 'node:crypto';
import { z } from 'zod';
import { checkedPool, defaultPools, mostPools, type AddressPool } from '../../model/address-pool.ts';
import type { Cluster } from '../../model/node.ts';
import { parsePrefix } from '../../model/prefix.ts';
import { keys } from '../keys.ts';
import { encodeText } from '../store.ts';
import * as record from './record.ts';
import { parseShape } from './shape.ts';

const vni = z.int().min(1).max(0xfffffe);

const pool = z.object({ base: z.string(), size: z.int() });

const schema = z
  .object({
    id: z.string().regex(/^[0-9a-zA-Z_.-]{1,64}$/),
    epoch: z.int().min(0),
    underlay: z.literal([4, 6]),
    port: z.int().min(1).max(65_535),
    vniFirst: vni,
    vniLast: vni,
    pools: z.array(pool).max(mostPools).optional(),
    minimumVersion: z.string().max(64),
  })
  .refine(({ vniFirst, vniLast }) => vniFirst <= vniLast, 'vniFirst is greater than vniLast');

/** Readable JSON. */
export function encodeCluster(cluster: Cluster): Uint8Array {
  return record.encodeRecord(keys.cluster, encodeText(JSON.stringify(cluster)), decodeCluster);
}

/** @throws RECORD_INVALID naming the key. */
export function decodeCluster(key: string, value: Uint8Array): Cluster {
  return record.decodeRecord(key, value, (bytes) => {
    const { pools, ...facts } = parseShape(schema, record.readJson(bytes));
    const named = pools?.map(({ base, size }) => checkedPool(parsePrefix(base), size));
    return { ...facts, pools: named ?? poolsOf(facts.id) };
  });
}

/** The address pools of a cluster that was told none: the same wherever its id is known. */
export function poolsOf(cluster: string): readonly AddressPool[] {
  return defaultPools(createHash('sha256').update(cluster).digest('hex').slice(0, 10));
}
