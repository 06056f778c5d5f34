import type { z } from 'zod';
import type { Name } from '../model/name.ts';
import type { Ip } from '../model/ip.ts';
import type {
  AddressesJson,
  CheckedJson,
  HeldAddressJson,
  releaseBody,
  ReleasedJson,
  reserveBody,
  ReservedJson,
} from './schemas/address.ts';
import type { attachBody, detachBody, DetachedJson, EndpointJson } from './schemas/endpoint.ts';
import type {
  AppliedNetworkJson,
  Declaration,
  DeclarationJson,
  NetworkJson,
  networkQuery,
  PlannedNetworkJson,
  planNetworksBody,
  RemovedNetworkJson,
} from './schemas/network.ts';
import type { drainBody, DrainedNodeJson, ForgottenNodeJson, NodeJson } from './schemas/node.ts';
import type { EventsJson } from './schemas/event.ts';
import type { PoolJson } from './schemas/pool.ts';
import type { AcceptedStoreJson, JoinedStoreJson } from './schemas/store.ts';
import type {
  DebugDesiredJson,
  DebugObservedJson,
  DebugPlanJson,
  debugQuery,
  DebugViewJson,
} from './schemas/debug.ts';
import type { ConfigJson, ReadinessJson, StatusJson } from './schemas/status.ts';

/** Whether all who take part are waited for, and how long: milliseconds. */
export type Waiting = Readonly<z.output<typeof networkQuery>>;

/** A named wish; `declaration` is raw JSON, read by the parser that also reads the store. */
export interface DeclareNetwork extends Partial<Waiting> {
  readonly name: Name;
  readonly declaration: Declaration;
}

export interface ApplyNetwork extends DeclareNetwork {
  /** Only while the declaration is as it was at this revision of the store; 0: while there is none. */
  readonly revision?: number | undefined;
}

export interface InspectNetwork extends Partial<Waiting> {
  readonly name: Name;
}

export interface RemoveNetwork extends Partial<Waiting> {
  readonly name: Name;
  /** Detach the endpoints that are left. */
  readonly force: boolean;
}

/** Parsed: names, addresses and MAC are model types, defaults are filled in. `timeout` is milliseconds. */
export type AttachRequest = Readonly<z.output<typeof attachBody>>;
/** Parsed; at least one of sandbox, key and endpoint is there. */
export type DetachRequest = Readonly<z.output<typeof detachBody>>;

/** Parsed; `expires` is milliseconds from now. */
export type ReserveRequest = Readonly<z.output<typeof reserveBody>>;
/** Parsed; either name or address is there. */
export type ReleaseRequest = Readonly<z.output<typeof releaseBody>>;

/** Each name once; names and declarations are as they came. */
export type PlanNetworks = Readonly<z.output<typeof planNetworksBody>>;

export interface FindAddress {
  readonly address: Ip;
  /** Absent: in every network. */
  readonly network?: Name | undefined;
}

export interface FindNode {
  /** Id or name. */
  readonly node: string;
}

/** `confirm` holds the words by which a drain is meant. */
export type DrainRequest = FindNode & Readonly<z.output<typeof drainBody>>;

export interface FindEndpoint {
  /** Id or name. */
  readonly endpoint: string;
  readonly network?: Name | undefined;
}

/** A network is named, or told by its id; `limit` is the most that is listed. */
export type DebugRequest = Readonly<z.output<typeof debugQuery>>;

/**
 * What the local API offers, one method for each route. With `wait` an operation ends when all live nodes that take part have
 * programmed it; @throws TIMEOUT when they have not in time: what was done stands. Requests come parsed; every failure is a WeftError, whose code
 * decides the HTTP status. Anything else that is thrown is answered as INVARIANT.
 */
export interface AgentService {
  status(): Promise<StatusJson>;
  /** Every setting with its origin. */
  config(): Promise<ConfigJson>;
  /** Is the agent in sync, so that attach can work? Never throws for being unready. */
  readiness(): Promise<ReadinessJson>;
  /** Text format of Prometheus, version 0.0.4. */
  metrics(): Promise<string>;

  /** Sorted by name; refused declarations included. */
  listNetworks(): Promise<readonly NetworkJson[]>;
  /** @throws NETWORK_EXISTS (another declaration), NETWORK_REFUSED, VNI_TAKEN, INPUT_INVALID. The same one again is success. */
  createNetwork(request: DeclareNetwork): Promise<NetworkJson>;
  /** Creates or changes. @throws NETWORK_REFUSED, INPUT_INVALID; NETWORK_EXISTS when the declaration is another one by now. */
  applyNetwork(request: ApplyNetwork): Promise<AppliedNetworkJson>;
  /**
   * What `applyNetwork` would do with one declaration after the other; writes nothing. One that it would refuse is told with the
   * reason, and the others are judged as if it were not there.
   */
  planNetworks(request: PlanNetworks): Promise<readonly PlannedNetworkJson[]>;
  /** @throws NETWORK_NOT_FOUND */
  declarationOf(request: { readonly name: Name }): Promise<DeclarationJson>;
  /** @throws NETWORK_NOT_FOUND */
  inspectNetwork(request: InspectNetwork): Promise<NetworkJson>;
  /** @throws NETWORK_NOT_FOUND, NETWORK_IN_USE (not forced; names the endpoints). */
  removeNetwork(request: RemoveNetwork): Promise<RemovedNetworkJson>;

  listPools(): Promise<readonly PoolJson[]>;
  /** As `parsePools` reads them; empty: the default ones. @throws INPUT_INVALID, CLUSTER_MISMATCH */
  setPools(request: { readonly pools: string }): Promise<readonly PoolJson[]>;

  /** Of one network, or of all. @throws NETWORK_NOT_FOUND */
  listEndpoints(request: { readonly network?: Name | undefined }): Promise<readonly EndpointJson[]>;
  /** @throws ENDPOINT_NOT_FOUND; INPUT_INVALID when a name without a network means several. */
  inspectEndpoint(request: FindEndpoint): Promise<EndpointJson>;
  /** Returns when this node's kernel holds the endpoint. Repeatable by key. */
  attach(request: AttachRequest): Promise<EndpointJson>;
  /** Success when there is nothing to undo. @throws ENDPOINT_NOT_LOCAL */
  detach(request: DetachRequest): Promise<DetachedJson>;

  /** Every address that is claimed, and how full the pools are: of one network, or of all. @throws NETWORK_NOT_FOUND */
  listAddresses(request: { readonly network?: Name | undefined }): Promise<AddressesJson>;
  /** Who holds it, in every network. @throws ADDRESS_NOT_FOUND */
  findAddress(request: FindAddress): Promise<readonly HeldAddressJson[]>;
  /** Compares all claims with their holders; `fix`: mends what can be mended without a guess. */
  checkAddresses(request: { readonly fix: boolean }): Promise<CheckedJson>;
  /** Repeatable by name. @throws ADDRESS_TAKEN, NAME_TAKEN, ADDRESS_OUTSIDE, POOL_EXHAUSTED */
  reserveAddress(request: ReserveRequest): Promise<ReservedJson>;
  /** Success when there is nothing to give up. @throws ADDRESS_TAKEN, NAME_TAKEN: it is no reservation, or another owner's. */
  releaseAddress(request: ReleaseRequest): Promise<ReleasedJson>;

  /** Those after a number; when there is none, waits for one. Milliseconds. */
  events(request: { readonly after: number; readonly wait: number }): Promise<EventsJson>;

  /**
   * The store is right as it is: what agents hold against it is given up, on every node.
   *
   * @throws CLUSTER_MISMATCH when it is the store of another cluster.
   */
  acceptStore(): Promise<AcceptedStoreJson>;
  /** This node goes over to the cluster of the store. @throws CLUSTER_MISMATCH when it is the one that it belongs to. */
  joinStore(): Promise<JoinedStoreJson>;

  /** What this node knows of the store. @throws NETWORK_NOT_FOUND, as the next three do. */
  debugView(request: DebugRequest): Promise<DebugViewJson>;
  /** What its kernel should hold. */
  debugDesired(request: DebugRequest): Promise<DebugDesiredJson>;
  /** What its kernel holds: read now. */
  debugObserved(request: DebugRequest): Promise<DebugObservedJson>;
  /** The difference: what it would do now. */
  debugPlan(request: DebugRequest): Promise<DebugPlanJson>;

  /** Sorted by name. */
  listNodes(): Promise<readonly NodeJson[]>;
  /** Success when it is done already. @throws NODE_NOT_FOUND, NODE_STATE (it is alive). */
  forgetNode(request: FindNode): Promise<ForgottenNodeJson>;
  /** Waits for the node within the time given. @throws NODE_NOT_FOUND, NODE_STATE (it is down), INPUT_INVALID (unconfirmed). */
  drainNode(request: DrainRequest): Promise<DrainedNodeJson>;
}
