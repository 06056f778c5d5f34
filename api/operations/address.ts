import { z } from 'zod';
import {
  addressesJson,
  addressParams,
  addressQuery,
  checkBody,
  checkedJson,
  heldAddressJson,
  releaseBody,
  releasedJson,
  reserveBody,
  reservedJson,
} from '../schemas/address.ts';
import { operation } from './operation.ts';

/** Addresses and reservations. */
export const addressOperations = {
  listAddresses: operation({
    summary: 'Every address that is claimed, and how full the pools are, as the store has it now.',
    query: addressQuery,
    answer: addressesJson,
    failures: ['NETWORK_NOT_FOUND', 'NOT_READY', 'STORE_UNAVAILABLE'],
    call: (service, { query }) => service.listAddresses(query),
  }),
  findAddress: operation({
    summary: 'Who holds an address, in every network.',
    params: addressParams,
    query: addressQuery,
    answer: z.array(heldAddressJson).readonly(),
    failures: ['ADDRESS_NOT_FOUND', 'NETWORK_NOT_FOUND', 'NOT_READY', 'STORE_UNAVAILABLE'],
    call: (service, { params, query }) => service.findAddress({ ...params, ...query }),
  }),
  checkAddresses: operation({
    summary: 'Compare all claims with their holders; with `fix`, mend what can be mended without a guess.',
    body: checkBody,
    answer: checkedJson,
    failures: ['NOT_READY', 'STORE_UNAVAILABLE', 'TIMEOUT'],
    call: (service, { body }) => service.checkAddresses(body),
  }),
  reserveAddress: operation({
    summary: 'Keep addresses for somebody. The same reservation again is success, with the expiry asked for.',
    body: reserveBody,
    answer: reservedJson,
    failures: [
      'NETWORK_NOT_FOUND',
      'NETWORK_REMOVING',
      'ADDRESS_TAKEN',
      'ADDRESS_OUTSIDE',
      'NAME_TAKEN',
      'POOL_EXHAUSTED',
      'NOT_READY',
      'STORE_UNAVAILABLE',
      'TIMEOUT',
    ],
    call: (service, { body }) => service.reserveAddress(body),
  }),
  releaseAddress: operation({
    summary: 'Give a reservation up. Success when there is none.',
    body: releaseBody,
    answer: releasedJson,
    failures: [
      'NETWORK_NOT_FOUND',
      'ADDRESS_TAKEN',
      'NAME_TAKEN',
      'NOT_READY',
      'STORE_UNAVAILABLE',
      'TIMEOUT',
    ],
    call: (service, { body }) => service.releaseAddress(body),
  }),
} as const;
