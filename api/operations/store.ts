import { acceptedStoreJson, joinedStoreJson } from '../schemas/store.ts';
import { operation } from './operation.ts';

/** Which store is believed. */
export const storeOperations = {
  acceptStore: operation({
    summary: 'The store is right as it is: every agent gives up what it holds against it.',
    answer: acceptedStoreJson,
    failures: ['CLUSTER_MISMATCH', 'NOT_READY', 'STORE_UNAVAILABLE', 'TIMEOUT'],
    call: (service) => service.acceptStore(),
  }),
  joinStore: operation({
    summary:
      'This node leaves its cluster for the one of the store: its networks go, its endpoints with them.',
    answer: joinedStoreJson,
    failures: ['CLUSTER_MISMATCH', 'NODE_CONFLICT', 'NOT_READY', 'STORE_UNAVAILABLE', 'TIMEOUT'],
    call: (service) => service.joinStore(),
  }),
} as const;
