import type { Txn } from './claims.ts';

/** What can be wrong with the claims in a store, on VNIs as on addresses, MACs and names. */
export const findingKinds = {
  'claim-without-holder':
    'A claim whose holder is gone, or has something else: what it claims can be had by nobody.',
  'claim-missing':
    'An endpoint, a network or a reservation has something that is not claimed: somebody else could get it.',
  'claim-of-another': 'A claim names a holder that does not have what is claimed, and somebody else has it.',
  'claim-differs': 'A claim on a reserved address says another owner or expiry than its reservation.',
  contested: 'Several have the same; the claim says who it belongs to, or nobody. Nothing here decides that.',
  outside: 'An address lies in no subnet of its network, or is one that nobody can have.',
  'unknown-network': 'Keys below the id of a network that does not exist.',
  unreadable: 'A record that cannot be read: nothing is known of what it holds.',
} as const;

export type FindingKind = keyof typeof findingKinds;

/** One thing that is wrong, and what mends it; no repair: somebody has to decide. */
export interface Finding {
  readonly kind: FindingKind;
  /** The key that it is about, or the prefix of several. */
  readonly key: string;
  /** For people: the object, what is wrong, and where nothing mends it, what to do. */
  readonly what: string;
  /** Each changes nothing unless everything that the finding rests on is still so. Each fits any store. */
  readonly repairs: readonly Txn[];
}
