import { z } from 'zod';
import { failureJson } from './failure.ts';
import { networkName, shownLabels } from './text.ts';
import { waitedJson, waitQuery } from './waited.ts';

/** What an operator wishes. Its own schema is that of the store: docs/reference/network.schema.json. */
export const declaration = z.record(z.string(), z.unknown()).meta({
  id: 'Declaration',
  description: 'The declaration of a network: the same JSON as in the store under networks/<name>.',
});

/** The declaration's own keys, and the name beside them. */
export const createNetworkBody = z
  .looseObject({ name: networkName })
  .meta({
    id: 'CreateNetwork',
    description: 'A declaration (network.schema.json) with the name of the network beside its keys.',
  })
  .transform(({ name, ...rest }) => ({ name, declaration: rest }));

export const networkParams = z.strictObject({ name: networkName });

export const removeNetworkQuery = z.strictObject({
  force: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'Detach the endpoints that are left, on whatever node they are.' })
    .transform((text) => text === 'true'),
  ...waitQuery,
});

/** Of creating and inspecting one. */
export const networkQuery = z.strictObject(waitQuery);

export const applyNetworkQuery = z.strictObject({
  ...waitQuery,
  revision: z
    .string()
    .regex(/^\d{1,15}$/, 'must be a revision of the store')
    .meta({
      description: 'Only while the declaration is as it was at this revision; 0: while there is none.',
    })
    .transform(Number)
    .optional(),
});

export const subnetJson = z
  .object({
    cidr: z.string(),
    gateway: z
      .string()
      .meta({ description: 'First hop, the same on every node; never given to an endpoint.' }),
    range: z.string().optional().meta({ description: 'Addresses chosen by Weft come from here.' }),
    auxiliary: z.record(z.string(), z.string()).meta({ description: 'Addresses kept out of allocation.' }),
  })
  .readonly()
  .meta({ id: 'Subnet' });

const waitsFor = z
  .array(z.object({ node: z.string(), alive: z.boolean(), endpoints: z.int() }).readonly())
  .readonly()
  .meta({ description: 'Nodes, by name, that still hold endpoints of a network that is being removed.' });

const readiness = z
  .array(
    z
      .object({
        node: z.string(),
        self: z.boolean().meta({ description: 'Is it the answering node?' }),
        alive: z.boolean(),
        endpoints: z.int(),
        state: z.enum(['programmed', 'pending', 'refused', 'awaited', 'unknown']).meta({
          description:
            '`programmed`, `pending` or `refused` by its kernel, as the node itself says. `awaited`: it was asked and has not ' +
            'answered. `unknown`: nobody asks it at present, or it is down.',
        }),
        why: z.string().optional(),
      })
      .readonly(),
  )
  .readonly()
  .meta({
    description: 'Nodes that take part, by name. Only when one network is inspected.',
  });

/** More endpoints than this are counted only; `weft endpoint ls` lists all. */
export const mostAttached = 1000;

const attached = z
  .array(
    z
      .object({
        id: z.string(),
        name: z.string().optional(),
        node: z.string(),
        addresses: z.array(z.string()).readonly(),
        sandbox: z.string().meta({ description: 'Path of its namespace on that node.' }),
        interfaceName: z.string(),
        state: z.enum(['active', 'conflict']),
        createdAt: z.string().optional().meta({ description: 'ISO 8601; absent: not known.' }),
      })
      .readonly(),
  )
  .readonly()
  .meta({
    description: `Endpoints of all nodes, by node and name, the first ${mostAttached} of them. Only when one network is inspected.`,
  });

export const acceptedNetworkJson = z
  .object({
    name: z.string(),
    id: z.string(),
    phase: z.enum(['active', 'removing']),
    waitsFor: waitsFor.optional(),
    declared: z.boolean().meta({
      description: 'false: its declaration was deleted; it goes with its last endpoint.',
    }),
    driver: z.string(),
    vni: z.int(),
    subnets: z.array(subnetJson).readonly(),
    mtu: z.int().meta({ description: 'Bytes of an IP packet inside, as in force now.' }),
    declaredMtu: z.int().optional(),
    internal: z.boolean(),
    allowOverlap: z.boolean(),
    labels: shownLabels,
    endpoints: z.int().nullable().meta({
      description: 'null: this node does not follow the network, and was not asked to inspect it.',
    }),
    attached: attached.optional(),
    creator: z.string(),
    createdAt: z.string().meta({ description: 'ISO 8601.' }),
    changed: z
      .object({ by: z.string(), at: z.string() })
      .readonly()
      .optional()
      .meta({ description: 'Who has changed it last, and when; absent: nobody has.' }),
    refusedEdit: z
      .object({ why: z.string() })
      .readonly()
      .optional()
      .meta({ description: 'A later declaration that could not be accepted; what was accepted stays.' }),
    nodes: readiness.optional(),
    waited: waitedJson.optional(),
  })
  .readonly()
  .meta({ id: 'AcceptedNetwork' });

export const refusedNetworkJson = z
  .object({ name: z.string(), phase: z.literal('refused'), why: z.string() })
  .readonly()
  .meta({ id: 'RefusedNetwork', description: 'A declaration of which nothing was ever accepted.' });

export const networkJson = z
  .union([acceptedNetworkJson, refusedNetworkJson])
  .meta({ id: 'Network', description: 'Told apart by `phase`.' });

export const appliedNetworkJson = z
  .object({ outcome: z.enum(['created', 'changed', 'unchanged']), network: networkJson })
  .extend({ waited: waitedJson.optional() })
  .readonly()
  .meta({ id: 'AppliedNetwork' });

const specJson = z
  .object({
    driver: z.string(),
    vni: z.int().optional().meta({ description: 'Absent: a free one, when it is accepted.' }),
    subnets: z.array(subnetJson).readonly(),
    mtu: z.int().meta({ description: 'Bytes of an IP packet inside, as in force.' }),
    declaredMtu: z.int().optional(),
    internal: z.boolean(),
    allowOverlap: z.boolean(),
    labels: shownLabels,
  })
  .readonly()
  .meta({ id: 'NetworkSpec' });

/** Names are judged with the declarations: a wrong one does not keep the others from being planned. */
const namedDeclaration = z.strictObject({ name: z.string(), declaration }).readonly();

export const planNetworksBody = z.strictObject({
  networks: z
    .array(namedDeclaration)
    .readonly()
    .meta({ description: 'In the order in which they would be applied.' }),
});

const networkChange = z
  .object({
    outcome: z.enum(['created', 'changed', 'unchanged']),
    before: specJson.optional().meta({ description: 'As it is accepted; absent: nothing of the name is.' }),
    after: specJson.meta({ description: 'As it would be.' }),
    declaration: z
      .object({ before: z.string().optional(), after: z.string() })
      .readonly()
      .optional()
      .meta({
        description:
          'Of a change: the JSON that is declared, well formed or not (absent: it was deleted), and that would be. It may differ ' +
          'where what is accepted does not.',
      }),
    endpoints: z
      .array(
        z
          .object({ id: z.string(), name: z.string().optional(), node: z.string(), sandbox: z.string() })
          .readonly(),
      )
      .readonly()
      .meta({ description: 'Whose interface, addresses or routes would change, in the order of nodes.' }),
    nodes: z.array(z.string()).readonly().meta({ description: 'Whose kernel would change, by name.' }),
  })
  .readonly()
  .meta({ id: 'NetworkChange' });

const refusedChange = z
  .object({ outcome: z.literal('failed'), ...failureJson.unwrap().shape })
  .readonly()
  .meta({ id: 'RefusedNetworkChange', description: 'It would be refused.' });

export const plannedNetworkJson = z
  .intersection(z.object({ name: z.string() }).readonly(), z.union([networkChange, refusedChange]))
  .meta({ id: 'PlannedNetwork' });

export const plannedNetworksJson = z.array(plannedNetworkJson).readonly();

export const declarationJson = z
  .object({
    name: z.string(),
    text: z.string().meta({ description: 'JSON as it is in the store, well formed or not.' }),
    revision: z.int().meta({ description: 'Of the store, at which it was written; 0: it is not there.' }),
    declared: z.boolean().meta({
      description: 'false: its declaration was deleted; the text says the same as what is accepted.',
    }),
  })
  .readonly()
  .meta({ id: 'NetworkDeclaration' });

export const removedNetworkJson = z
  .object({
    state: z.enum(['removed', 'removing']).meta({
      description: '`removing`: nothing can be attached any more; nodes still detach what they hold.',
    }),
    waitsFor: waitsFor.optional(),
    waited: waitedJson.optional(),
  })
  .readonly()
  .meta({ id: 'RemovedNetwork' });

export type Declaration = Readonly<Record<string, unknown>>;
export type AcceptedNetworkJson = z.output<typeof acceptedNetworkJson>;
export type RefusedNetworkJson = z.output<typeof refusedNetworkJson>;
export type NetworkJson = z.output<typeof networkJson>;
export type Readiness = z.output<typeof readiness>;
export type Attached = z.output<typeof attached>;
export type WaitsFor = z.output<typeof waitsFor>;
export type SpecJson = z.output<typeof specJson>;
export type NamedDeclaration = z.output<typeof namedDeclaration>;
export type NetworkChangeJson = z.output<typeof networkChange>;
export type PlannedNetworkJson = z.output<typeof plannedNetworkJson>;
export type DeclarationJson = z.output<typeof declarationJson>;
export type SubnetJson = z.output<typeof subnetJson>;
export type AppliedNetworkJson = z.output<typeof appliedNetworkJson>;
export type RemovedNetworkJson = z.output<typeof removedNetworkJson>;
