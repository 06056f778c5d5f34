import { z } from 'zod';
import {
  attachBody,
  detachBody,
  detachedJson,
  endpointJson,
  endpointParams,
  endpointQuery,
} from '../schemas/endpoint.ts';
import { operation } from './operation.ts';

/** Endpoints. */
export const endpointOperations = {
  listEndpoints: operation({
    summary: 'Endpoints of one network, or of all that this node follows.',
    query: endpointQuery,
    answer: z.array(endpointJson).readonly(),
    failures: ['NETWORK_NOT_FOUND', 'NOT_READY'],
    call: (service, { query }) => service.listEndpoints(query),
  }),
  inspectEndpoint: operation({
    summary: 'One endpoint, by id or name.',
    params: endpointParams,
    query: endpointQuery,
    answer: endpointJson,
    failures: ['ENDPOINT_NOT_FOUND', 'NETWORK_NOT_FOUND', 'NOT_READY'],
    call: (service, { params, query }) => service.inspectEndpoint({ ...params, ...query }),
  }),
  attach: operation({
    summary: "Attach a sandbox to a network; answers when this node's kernel holds the endpoint.",
    body: attachBody,
    answer: endpointJson,
    failures: [
      'NETWORK_NOT_FOUND',
      'NETWORK_REMOVING',
      'ENDPOINT_CONFLICT',
      'ADDRESS_TAKEN',
      'ADDRESS_OUTSIDE',
      'MAC_TAKEN',
      'NAME_TAKEN',
      'POOL_EXHAUSTED',
      'RESERVATION_NOT_FOUND',
      'SANDBOX_INVALID',
      'SANDBOX_BUSY',
      'KERNEL_REFUSED',
      'NOT_READY',
      'STORE_UNAVAILABLE',
      'TIMEOUT',
    ],
    call: (service, { body }) => service.attach(body),
  }),
  detach: operation({
    summary: 'Detach an endpoint of this node. Success when there is nothing to undo.',
    body: detachBody,
    answer: detachedJson,
    failures: ['NETWORK_NOT_FOUND', 'ENDPOINT_NOT_LOCAL', 'NOT_READY', 'STORE_UNAVAILABLE', 'TIMEOUT'],
    call: (service, { body }) => service.detach(body),
  }),
} as const;
