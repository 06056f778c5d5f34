import type { ErrorCode } from '../../../model/errors.ts';

/** A subnet as in a declaration. */
export type SubnetWish =
  | string
  | {
      readonly cidr: string;
      readonly gateway?: string;
      readonly range?: string;
      readonly auxiliary?: Readonly<Record<string, string>>;
    };

/** Something that somebody does with sandboxes of the network, one after the other. */
export type Step =
  { readonly attach: string; readonly addresses?: readonly string[] } | { readonly detach: string };

/** What Weft makes of it. The page says it in words, the test asks for it. */
export type Outcome =
  /** The network is not accepted. */
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly says: string }
  /** The network is accepted, with these gateways. */
  | { readonly kind: 'gateways'; readonly are: readonly string[] }
  /** It has room for exactly so many endpoints; the next one is refused with POOL_EXHAUSTED. */
  | { readonly kind: 'room'; readonly is: number }
  /** The last step gives these addresses. */
  | { readonly kind: 'addresses'; readonly are: readonly string[] }
  /** The last step gives an address within these, both included. */
  | { readonly kind: 'within'; readonly first: string; readonly last: string }
  /** The last step is refused. */
  | { readonly kind: 'attach refused'; readonly code: ErrorCode; readonly says: string }
  /** The last step is a success that changes nothing. */
  | { readonly kind: 'nothing to do' };

/** One question, and what each of the three answers. */
export interface Case {
  /** In the words of the page. */
  readonly wish: string;
  readonly subnets: readonly SubnetWish[];
  /** A network that is there before. */
  readonly before?: readonly SubnetWish[];
  readonly steps?: readonly Step[];
  /** What `docker network create` and `docker network connect` do. */
  readonly docker: string;
  /** What the CNI plugin host-local does. */
  readonly hostLocal: string;
  readonly weft: Outcome;
  /** Where Weft differs from one of them: why. */
  readonly why?: string;
}

export interface Topic {
  readonly title: string;
  readonly cases: readonly Case[];
}
