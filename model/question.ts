import type { EndpointId } from './endpoint.ts';
import type { NetworkId } from './network.ts';
import type { NodeId } from './node.ts';

/** What has to be in the kernels of all who take part in a network. Revisions are those of the store. */
export type Matter =
  /** The endpoint as it was written at this revision. */
  | { readonly kind: 'endpoint'; readonly endpoint: EndpointId; readonly revision: number }
  /** Nothing of the endpoint, which was deleted at this revision; 0: some time ago. */
  | { readonly kind: 'no endpoint'; readonly endpoint: EndpointId; readonly revision: number }
  /** The network with its endpoints: what was accepted at the revision `state`, and what endpoints were at `revision`. */
  | { readonly kind: 'network'; readonly revision: number; readonly state: number }
  /** Nothing of the network. */
  | { readonly kind: 'no network' };

/** `waits/<netid>/<id>`: leased. Whoever is asked answers once it is so. */
export interface Question {
  /** 16 lower-case hex digits, random. */
  readonly id: string;
  readonly network: NetworkId;
  readonly asker: NodeId;
  /** Who is to answer. */
  readonly asked: readonly NodeId[];
  readonly matter: Matter;
}

/** `waits/<netid>/<id>/<node-id>`: leased. */
export interface Answer {
  /** Of the question. */
  readonly id: string;
  readonly network: NetworkId;
  readonly node: NodeId;
  /** As of which the node's view of the endpoints was programmed. */
  readonly revision: number;
  /** What the node's kernel says against it; absent: it is programmed. */
  readonly refusal?: string;
}

export const questionIdPattern = /^[0-9a-f]{16}$/;

/** Most nodes that one question asks. */
export const mostAsked = 3000;

/** Most characters of a refusal. */
export const refusalLength = 500;
