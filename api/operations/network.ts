import { z } from 'zod';
import {
  appliedNetworkJson,
  applyNetworkQuery,
  createNetworkBody,
  declaration,
  declarationJson,
  networkJson,
  networkParams,
  networkQuery,
  plannedNetworksJson,
  planNetworksBody,
  removedNetworkJson,
  removeNetworkQuery,
} from '../schemas/network.ts';
import { poolJson, setPoolsBody } from '../schemas/pool.ts';
import { operation } from './operation.ts';

/** Networks, and the address pools that they come from. */
export const networkOperations = {
  listNetworks: operation({
    summary: 'All networks, sorted by name; refused declarations included.',
    answer: z.array(networkJson).readonly(),
    failures: ['NOT_READY'],
    call: (service) => service.listNetworks(),
  }),
  createNetwork: operation({
    summary: 'Create a network. The same declaration again is success.',
    query: networkQuery,
    body: createNetworkBody,
    answer: networkJson,
    failures: ['NETWORK_EXISTS', 'NETWORK_REFUSED', 'VNI_TAKEN', 'NOT_READY', 'STORE_UNAVAILABLE', 'TIMEOUT'],
    call: (service, { query, body }) => service.createNetwork({ ...body, ...query }),
  }),
  inspectNetwork: operation({
    summary: 'One network, and how far the nodes are that take part; with `wait` all of them are asked.',
    params: networkParams,
    query: networkQuery,
    answer: networkJson,
    failures: ['NETWORK_NOT_FOUND', 'NOT_READY', 'STORE_UNAVAILABLE'],
    call: (service, { params, query }) => service.inspectNetwork({ ...params, ...query }),
  }),
  applyNetwork: operation({
    summary: 'Create a network, or change it to this declaration.',
    params: networkParams,
    query: applyNetworkQuery,
    body: declaration,
    answer: appliedNetworkJson,
    failures: [
      'NETWORK_REFUSED',
      'NETWORK_EXISTS',
      'NETWORK_REMOVING',
      'VNI_TAKEN',
      'NOT_READY',
      'STORE_UNAVAILABLE',
      'TIMEOUT',
    ],
    call: (service, { params, query, body }) =>
      service.applyNetwork({ ...params, ...query, declaration: body }),
  }),
  planNetworks: operation({
    summary:
      'What applying these declarations one after the other would change, and whom it would touch; nothing is written.',
    body: planNetworksBody,
    answer: plannedNetworksJson,
    failures: ['NOT_READY', 'STORE_UNAVAILABLE', 'TIMEOUT'],
    call: (service, { body }) => service.planNetworks(body),
  }),
  declarationOf: operation({
    summary: 'The declaration of a network, to be edited.',
    params: networkParams,
    answer: declarationJson,
    failures: ['NETWORK_NOT_FOUND', 'NOT_READY', 'STORE_UNAVAILABLE', 'TIMEOUT'],
    call: (service, { params }) => service.declarationOf(params),
  }),
  removeNetwork: operation({
    summary: 'Remove a network.',
    params: networkParams,
    query: removeNetworkQuery,
    answer: removedNetworkJson,
    failures: ['NETWORK_NOT_FOUND', 'NETWORK_IN_USE', 'NOT_READY', 'STORE_UNAVAILABLE', 'TIMEOUT'],
    call: (service, { params, query }) => service.removeNetwork({ ...params, ...query }),
  }),
  listPools: operation({
    summary: 'Where networks that declare no subnet get one.',
    answer: z.array(poolJson).readonly(),
    failures: ['NOT_READY'],
    call: (service) => service.listPools(),
  }),
  setPools: operation({
    summary: 'Give the cluster other address pools. No network changes its subnet.',
    body: setPoolsBody,
    answer: z.array(poolJson).readonly(),
    failures: ['CLUSTER_MISMATCH', 'NOT_READY', 'STORE_UNAVAILABLE', 'TIMEOUT'],
    call: (service, { body }) => service.setPools(body),
  }),
} as const;
