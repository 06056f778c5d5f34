import type { Revision } from '../../kvstore/store.ts';
import type { Decision } from '../../linux/errno-decisions.ts';
import type { ObjectKey } from '../../linux/objects/object.ts';
import type { Plan } from '../../linux/plan/step.ts';
import type { Endpoint, EndpointId } from '../../model/endpoint.ts';
import type { WeftError } from '../../model/errors.ts';
import type { Family } from '../../model/ip.ts';
import type { Network } from '../../model/network.ts';
import type { Node, NodeId } from '../../model/node.ts';
import type { Repair } from '../drift/repairs.ts';
import type { Recorded } from '../view/collection.ts';
import type { Self } from './self.ts';

/** How far one endpoint has come in this node's kernel. */
export type EndpointProgress =
  | { readonly kind: 'programmed'; readonly revision: Revision }
  /** Something that it stands on was refused, and is tried again; or `why` it cannot be programmed yet. */
  | { readonly kind: 'pending'; readonly revision: Revision; readonly why?: string }
  | { readonly kind: 'failed'; readonly revision: Revision; readonly error: WeftError };

/** What the kernel says to what the view says. */
export type Standing =
  | { readonly kind: 'programmed' }
  /** It was not asked everything yet, or is asked again. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'refused'; readonly error: WeftError };

/** How far one wanted object has come in the kernel, as far as is known. */
export type ObjectState =
  | { readonly kind: 'done' }
  /** It is about to be written, or needs another one first. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'error'; readonly error: WeftError; readonly decision: Decision };

/** What one pass works from: the view of one network, complete as of some moment. */
export interface NetworkInput {
  readonly self: Self;
  /** Absent: the network is gone; everything of it goes from the kernel. */
  readonly network: Network | undefined;
  readonly nodes: readonly Node[];
  node(id: NodeId): Node | undefined;
  endpoint(id: EndpointId): Recorded<Endpoint> | undefined;
  endpoints(): Iterable<Recorded<Endpoint>>;
  /** Is the namespace that a local endpoint was attached to still there? */
  lives(endpoint: Endpoint): boolean;
  /** The families in which a local endpoint gives its sandbox the default route. */
  defaultRoutes(id: EndpointId): readonly Family[];
  /** Has the store said so itself? What is only remembered of it is no proof that something is not wanted. */
  readonly isConfirmed: boolean;
}

/** What one pass did. */
export interface PassReport {
  readonly plan: Plan;
  /** What the kernel refused, and what was not tried because of that. */
  readonly failures: readonly Pick<Refused, 'key' | 'error'>[];
  readonly refused: readonly Refused[];
  /** Was the kernel read? */
  readonly compared: boolean;
  /** What was not as we had left it. */
  readonly repairs: readonly Repair[];
}

/** An object about which the kernel refused something. */
export interface Refused {
  readonly key: ObjectKey;
  readonly error: WeftError;
  readonly decision: Decision;
}
