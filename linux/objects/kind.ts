import type { Shell } from './shell.ts';

/**
 * Something that an object offers to others: a namespace, an interface, a bridge port, a family of addresses on an
 * interface. Objects refer to each other by places, because an address inside a sandbox does not know which port of which
 * network made its interface.
 */
export type Place = string;

/** A place that an object needs before it can be made, and what becomes of the object when the place goes. */
export interface Use {
  readonly place: Place;
  /**
   * - `goes`: the kernel removes the object with the place.
   * - `may go`: the kernel may or may not remove it.
   * - `stays`: the object lives on without.
   */
  readonly fate: 'goes' | 'may go' | 'stays';
}

/** What one kind of object has to say about itself. Its attributes are compared by plan/change-table.ts. */
export interface Kind<O, Brought = never> {
  /** Objects of lower rank are made first. */
  rank(o: O): number;
  provides(o: O): readonly Place[];
  uses(o: O): readonly Use[];
  /** What the kernel makes with it, and an observation shows; absent: nothing. */
  brings?(o: O): readonly Brought[];
  /** Lines for a shell that would make it. */
  create(o: O, sh: Shell): readonly string[];
  change(o: O, from: O, sh: Shell): readonly string[];
  remove(o: O, sh: Shell): readonly string[];
}

/** The order in which kinds are made: an FDB entry before the neighbour entry that leads to it. */
export const ranks = {
  netns: 0,
  /** Settings of the whole namespace, before the interfaces that inherit them. */
  sysctl: 1,
  bridge: 2,
  interfaceSysctl: 3,
  vxlan: 4,
  veth: 5,
  address: 6,
  route: 7,
  forwarding: 8,
  neighbour: 9,
} as const;
