import { z } from 'zod';
import type { ErrorCode } from '../model/errors.ts';
import { parseParts, type RawRequest } from './parse-request.ts';
import type { RouteName } from './routes.ts';
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
} from './schemas/address.ts';
import {
  attachBody,
  detachBody,
  detachedJson,
  endpointJson,
  endpointParams,
  endpointQuery,
} from './schemas/endpoint.ts';
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
} from './schemas/network.ts';
import { drainBody, drainedNodeJson, forgottenNodeJson, nodeJson, nodeParams } from './schemas/node.ts';
import { poolJson, setPoolsBody } from './schemas/pool.ts';
import {
  debugDesiredJson,
  debugObservedJson,
  debugPlanJson,
  debugQuery,
  debugViewJson,
} from './schemas/debug.ts';
import { eventsJson, eventsQuery } from './schemas/event.ts';
import { configJson, healthJson, readinessJson, statusJson } from './schemas/status.ts';
import { acceptedStoreJson, joinedStoreJson } from './schemas/store.ts';
import type { AgentService } from './service.ts';

const none = z.strictObject({});
type None = typeof none;

/** What stands behind a route: its schemas, for reading requests and for the OpenAPI document, and its call. */
export interface Operation {
  readonly summary: string;
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  /** Absent: the request has none. */
  readonly body?: z.ZodType;
  readonly answer: z.ZodType;
  /** Media type of an answer that is text as it is; absent: JSON. */
  readonly text?: string;
  /** A status other than 200 that carries the same answer, and when. */
  readonly otherwise?: { readonly status: number; readonly when: string };
  /** Codes that its failures carry, besides those that any request can meet. */
  readonly failures: readonly ErrorCode[];
  /** @throws NAME_INVALID, INPUT_INVALID with every problem of the request; and what the service throws. */
  run(service: AgentService, raw: RawRequest): Promise<Reply>;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly text?: string;
}

interface Definition<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType> {
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly answer: A;
  readonly text?: string;
  readonly otherwise?: {
    readonly status: number;
    readonly when: string;
    applies(answer: z.output<A>): boolean;
  };
  readonly failures?: readonly ErrorCode[];
  call(
    service: AgentService,
    request: { readonly params: z.output<P>; readonly query: z.output<Q>; readonly body: z.output<B> },
  ): Promise<z.output<A>>;
}

function operation<
  A extends z.ZodType,
  P extends z.ZodType = None,
  Q extends z.ZodType = None,
  B extends z.ZodType = z.ZodUndefined,
>(definition: Definition<P, Q, B, A>): Operation {
  const { summary, body, answer, otherwise, failures = [] } = definition;
  const text = definition.text === undefined ? {} : { text: definition.text };
  const parts = {
    params: definition.params ?? none,
    query: definition.query ?? none,
    body: body ?? z.undefined('has no body'),
  };
  return {
    summary,
    params: parts.params,
    query: parts.query,
    ...(body === undefined ? {} : { body }),
    answer,
    ...text,
    ...(otherwise === undefined ? {} : { otherwise }),
    failures,
    async run(service, raw) {
      const request = parseParts(parts, raw) as Parameters<typeof definition.call>[1];
      const result = await definition.call(service, request);
      return { status: otherwise?.applies(result) === true ? otherwise.status : 200, body: result, ...text };
    },
  };
}

/** For every route but that of the OpenAPI document, which is made from this table. */
export const operations: Readonly<Record<Exclude<RouteName, 'openapi'>, Operation>> = {
  health: operation({
    summary: 'Is the process alive?',
    answer: healthJson,
    call: async () => ({ ok: true as const }),
  }),
  readiness: operation({
    summary: 'Can this node attach endpoints now?',
    answer: readinessJson,
    otherwise: { status: 503, when: 'Not ready, and why.', applies: ({ ready }) => !ready },
    call: (service) => service.readiness(),
  }),
  metrics: operation({
    summary: 'What can be counted and measured, for Prometheus.',
    answer: z.string(),
    text: 'text/plain; version=0.0.4; charset=utf-8',
    call: (service) => service.metrics(),
  }),
  status: operation({
    summary: 'How the agent is doing.',
    answer: statusJson,
    call: (service) => service.status(),
  }),
  config: operation({
    summary: 'Every setting of the agent with its origin.',
    answer: configJson,
    call: (service) => service.config(),
  }),
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
  events: operation({
    summary: 'What this node decided, did and saw, oldest first; the last thousand are kept.',
    query: eventsQuery,
    answer: eventsJson,
    call: (service, { query }) => service.events(query),
  }),
  debugView: operation({
    summary: 'What this node knows of the store, record by record.',
    query: debugQuery,
    answer: debugViewJson,
    failures: ['INPUT_INVALID', 'NETWORK_NOT_FOUND'],
    call: (service, { query }) => service.debugView(query),
  }),
  debugDesired: operation({
    summary: 'The objects that the kernel of this node should hold, and how far each has come.',
    query: debugQuery,
    answer: debugDesiredJson,
    failures: ['INPUT_INVALID', 'NETWORK_NOT_FOUND'],
    call: (service, { query }) => service.debugDesired(query),
  }),
  debugObserved: operation({
    summary: 'The objects that the kernel of this node holds: it is read for each answer.',
    query: debugQuery,
    answer: debugObservedJson,
    failures: ['INPUT_INVALID', 'NETWORK_NOT_FOUND', 'KERNEL_REFUSED', 'PERMISSION_DENIED'],
    call: (service, { query }) => service.debugObserved(query),
  }),
  debugPlan: operation({
    summary: 'What is to be done so that the kernel holds what it should: it is read for each answer.',
    query: debugQuery,
    answer: debugPlanJson,
    failures: ['INPUT_INVALID', 'NETWORK_NOT_FOUND', 'KERNEL_REFUSED', 'PERMISSION_DENIED'],
    call: (service, { query }) => service.debugPlan(query),
  }),
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
};
