import { z } from 'zod';
import { endpointName, ip, networkName, timeout } from './text.ts';

const owner = z
  .string()
  .regex(/^[^\x00-\x1f\x7f]{0,253}$/, 'must be at most 253 characters without control characters')
  .meta({ description: 'Whose it is; empty or absent: nobody in particular.' });

export const addressQuery = z.strictObject({ network: networkName.optional() });
export const addressParams = z.strictObject({ address: ip });

export const checkBody = z
  .strictObject({
    fix: z.boolean().default(false).meta({ description: 'Mend what can be mended without a guess.' }),
  })
  .meta({ id: 'CheckAddresses' });

export const reserveBody = z
  .strictObject({
    network: networkName,
    name: endpointName.optional().meta({
      description:
        'Name of the reservation, one among those of the endpoints of the network; absent: made from the address, or at random.',
    }),
    addresses: z.array(ip).max(8).default([]).meta({
      description: 'At most one for each subnet; Weft chooses one of each family when there is none.',
    }),
    owner: owner.default(''),
    expires: z
      .int()
      .min(1000, 'must be at least 1000 ms, a second')
      .max(31_536_000_000, 'must be at most 31536000000 ms, 365 days')
      .optional()
      .meta({ description: 'Milliseconds after which it counts as free; absent: never.' }),
    timeout: timeout.default(10_000),
  })
  .meta({ id: 'Reserve' });

export const releaseBody = z
  .strictObject({
    network: networkName,
    name: endpointName.optional(),
    address: ip.optional().meta({ description: 'One of its addresses.' }),
    owner: owner.default(''),
    timeout: timeout.default(10_000),
  })
  .refine(({ name, address }) => (name === undefined) !== (address === undefined), {
    message: 'says which reservation: one of name and address',
  })
  .meta({ id: 'Release' });

/** In the body of an attach. */
export const reservationWish = {
  reservation: endpointName.optional().meta({
    description:
      'Take this reservation: its addresses and, unless another name is given, its name become those of the endpoint.',
  }),
  owner: owner.optional().meta({
    description: 'Whose reservations may be taken, by name or by address; absent: those that have no owner.',
  }),
};

export const heldAddressJson = z
  .object({
    address: z.string(),
    network: z.string(),
    networkId: z.string(),
    kind: z.enum(['endpoint', 'gateway', 'auxiliary', 'reservation', 'unreadable']).meta({
      description: '`unreadable`: nobody can tell who has it, and nobody gets it.',
    }),
    holder: z.string().meta({
      description:
        'Id of the endpoint, name of the reservation or of the auxiliary address, or `gateway`; empty: it cannot be read.',
    }),
    name: z.string().optional().meta({ description: 'Of the endpoint that holds it, if it has one.' }),
    sandbox: z.string().optional().meta({ description: 'Path of the sandbox of that endpoint.' }),
    node: z.string().optional().meta({ description: 'Name of the node of that endpoint.' }),
    owner: z.string().meta({
      description: 'Node id of an endpoint; of a reservation, whose it is; of others, who made the network.',
    }),
    expiresAt: z.string().optional().meta({ description: 'ISO 8601; absent: never.' }),
    expired: z.boolean().optional().meta({ description: 'Its time has passed: it counts as free.' }),
    problem: z.string().optional().meta({ description: 'What is wrong with an unreadable one.' }),
  })
  .readonly()
  .meta({ id: 'HeldAddress' });

const poolJson = z
  .object({
    network: z.string(),
    subnet: z.string(),
    range: z.string().optional(),
    total: z
      .string()
      .regex(/^\d+$/)
      .meta({ description: 'Addresses that can be given away: exact, and too many for a number.' }),
    used: z.string().regex(/^\d+$/),
    percent: z.number(),
  })
  .readonly()
  .meta({ id: 'Pool' });

export const addressesJson = z
  .object({ pools: z.array(poolJson).readonly(), addresses: z.array(heldAddressJson).readonly() })
  .readonly()
  .meta({ id: 'Addresses' });

const findingJson = z
  .object({
    kind: z.string(),
    key: z.string().meta({ description: 'The key that it is about, or the prefix of several.' }),
    what: z.string(),
    mend: z
      .enum(['mended', 'possible', 'undecided'])
      .meta({ description: '`possible`: `fix` mends it; `undecided`: somebody has to decide.' }),
  })
  .readonly()
  .meta({ id: 'AddressFinding' });

export const checkedJson = z
  .object({
    networks: z.int(),
    endpoints: z.int(),
    claims: z.int(),
    findings: z.array(findingJson).readonly(),
  })
  .readonly()
  .meta({ id: 'CheckedAddresses' });

export const reservationJson = z
  .object({
    network: z.string(),
    name: z.string(),
    addresses: z.array(z.string()).readonly(),
    owner: z.string(),
    expiresAt: z.string().optional().meta({ description: 'ISO 8601; absent: never.' }),
  })
  .readonly()
  .meta({ id: 'Reservation' });

export const reservedJson = z
  .object({
    outcome: z
      .enum(['reserved', 'extended', 'unchanged'])
      .meta({ description: '`extended`: it was there already, with another expiry.' }),
    reservation: reservationJson,
  })
  .readonly()
  .meta({ id: 'Reserved' });

export const releasedJson = z
  .object({
    released: z.boolean().meta({ description: 'false: there was nothing to give up.' }),
    addresses: z.array(z.string()).readonly(),
  })
  .readonly()
  .meta({ id: 'Released' });

export type HeldAddressJson = z.output<typeof heldAddressJson>;
export type PoolJson = z.output<typeof poolJson>;
export type AddressesJson = z.output<typeof addressesJson>;
export type CheckedJson = z.output<typeof checkedJson>;
export type ReservationJson = z.output<typeof reservationJson>;
export type ReservedJson = z.output<typeof reservedJson>;
export type ReleasedJson = z.output<typeof releasedJson>;
/** What a client sends. */
export type ReserveBody = z.input<typeof reserveBody>;
export type ReleaseBody = z.input<typeof releaseBody>;
