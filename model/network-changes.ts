/** What a later declaration may change of a network that exists. */
export interface FieldChange {
  /** `in part`: as `how` says. */
  readonly may: 'yes' | 'no' | 'in part';
  /** What becomes of it under live endpoints, or why it cannot change. */
  readonly how: string;
}

/** Of every key of a declaration, those of its subnets included. The schema, its page and refusals are made of this. */
export const networkChanges = {
  driver: { may: 'no', how: 'a network of another kind has other devices and other endpoints' },
  subnets: {
    may: 'in part',
    how:
      'a subnet may be added, and the order may be another: endpoints that live keep their addresses and reach it by their ' +
      'gateway, new ones follow the order. None may be taken away: an endpoint may be given an address of it at that moment',
  },
  ipv4: {
    may: 'in part',
    how: 'a subnet may be added; with one of the family there already nothing changes; none is taken away',
  },
  ipv6: {
    may: 'in part',
    how: 'a subnet may be added; with one of the family there already nothing changes; none is taken away',
  },
  cidr: { may: 'no', how: 'endpoints have addresses of it' },
  gateway: {
    may: 'no',
    how: 'endpoints that live send to it, and those of other subnets get their routes by it',
  },
  range: { may: 'yes', how: 'addresses are chosen from there from now on; those that were given stay' },
  auxiliary: {
    may: 'yes',
    how: 'one that is new must be free: whoever holds it is named; one that is taken away can be given to endpoints at once',
  },
  mtu: { may: 'yes', how: 'every interface follows at once, on every node; also when it is left out' },
  vni: {
    may: 'no',
    how: 'nodes cannot change over at one moment, and frames would be lost between those that have and those that have not',
  },
  internal: {
    may: 'no',
    how: 'whether a sandbox may have its default route by it was judged when it was attached',
  },
  allowOverlap: {
    may: 'yes',
    how: 'nothing changes for endpoints; to say no again, nothing may overlap any more',
  },
  labels: { may: 'yes', how: 'nothing changes for endpoints' },
} as const satisfies Readonly<Record<string, FieldChange>>;
