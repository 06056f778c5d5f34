import { z } from 'zod';
import { drainBody, drainedNodeJson, forgottenNodeJson, nodeJson, nodeParams } from '../schemas/node.ts';
import { operation } from './operation.ts';

/** Nodes. */
export const nodeOperations = {
  listNodes: operation({
    summary: 'All nodes, sorted by name.',
    answer: z.array(nodeJson).readonly(),
    failures: ['NOT_READY'],
    call: (service) => service.listNodes(),
  }),
  forgetNode: operation({
    summary: 'Give up the endpoints of a node that is down, and the node. Done already is success.',
    params: nodeParams,
    answer: forgottenNodeJson,
    failures: ['NODE_NOT_FOUND', 'NODE_STATE', 'NOT_READY', 'STORE_UNAVAILABLE', 'TIMEOUT'],
    call: (service, { params }) => service.forgetNode(params),
  }),
  drainNode: operation({
    summary: 'Have a live node detach all its endpoints.',
    params: nodeParams,
    body: drainBody,
    answer: drainedNodeJson,
    failures: ['NODE_NOT_FOUND', 'NODE_STATE', 'NOT_READY', 'STORE_UNAVAILABLE'],
    call: (service, { params, body }) => service.drainNode({ ...params, ...body }),
  }),
} as const;
