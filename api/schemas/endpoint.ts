import { z } from 'zod';
import { endpointLimits } from '../../model/endpoint.ts';
import { reservationWish } from './address.ts';
import { endpointName, interfaceName, ip, labels, mac, networkName, shownLabels, timeout } from './text.ts';
import { wait, waitedJson } from './waited.ts';

const sandbox = z
  .string()
  .min(1, 'must not be empty')
  .max(4096, 'must be at most 4096 characters, the longest path')
  .meta({
    description: 'A named network namespace, a PID, or the absolute path of a namespace file.',
    examples: ['c1', '4711', '/run/netns/c1'],
  });
const key = z
  .string()
  .regex(/^[\x21-\x7e]{1,253}$/, 'must be 1 to 253 printable ASCII characters without a space')
  .meta({ description: 'What makes a repeated call mean the same endpoint; absent: made from the sandbox.' });

const routePriority = z
  .int()
  .min(0)
  .max(endpointLimits.routePriority, `must be at most ${endpointLimits.routePriority}`)
  .meta({
    description:
      'The endpoint of a sandbox with the highest one gives it the default route by the gateway of its network, in each family in ' +
      'which it has an address; among equal ones the first interface. 0, as for a new endpoint that does not say: never.',
  });
const aliases = z
  .array(endpointName)
  .max(endpointLimits.aliases)
  .superRefine((names, context) => {
    const twice = new Set(names.filter((name, i) => names.indexOf(name) !== i));
    for (const name of twice) context.addIssue({ code: 'custom', message: `has ${name} twice` });
  })
  .meta({ description: 'Further names, which other endpoints of the network may have as well.' });

export const attachBody = z
  .strictObject({
    network: networkName,
    sandbox,
    key: key.optional(),
    name: endpointName.optional(),
    addresses: z.array(ip).max(8).default([]).meta({
      description: 'Wished addresses, at most one for each subnet; Weft chooses where there is none.',
    }),
    mac: mac.optional(),
    interfaceName: interfaceName.optional(),
    routePriority: routePriority.optional(),
    aliases: aliases.optional(),
    labels: labels.prefault({}),
    ...reservationWish,
    timeout: timeout.default(10_000),
    wait,
  })
  .meta({ id: 'Attach' });

export const detachBody = z
  .strictObject({
    network: networkName,
    sandbox: sandbox.optional(),
    key: key.optional(),
    endpoint: z.string().min(1).max(63).optional().meta({ description: 'Id or name of the endpoint.' }),
    timeout: timeout.default(10_000),
    wait,
  })
  .refine(
    ({ sandbox, key, endpoint }) => sandbox !== undefined || key !== undefined || endpoint !== undefined,
    {
      message: 'says which endpoint: sandbox, key or endpoint is missing',
    },
  )
  .meta({ id: 'Detach' });

export const endpointParams = z.strictObject({
  endpoint: z.string().min(1).max(63).meta({ description: 'Id or name of the endpoint.' }),
});
export const endpointQuery = z.strictObject({ network: networkName.optional() });

export const endpointJson = z
  .object({
    id: z.string(),
    network: z.string(),
    networkId: z.string(),
    node: z.string().meta({ description: 'Name of the node that holds it.' }),
    nodeId: z.string(),
    name: z.string().optional(),
    mac: z.string(),
    addresses: z
      .array(z.string())
      .readonly()
      .meta({ description: 'With the prefix length of the subnet.', examples: [['10.7.0.2/24']] }),
    sandbox: z
      .object({
        key: z.string(),
        path: z.string(),
        gone: z
          .object({
            since: z.string().meta({ description: 'ISO 8601.' }),
            until: z
              .string()
              .optional()
              .meta({
                description:
                  'ISO 8601: soon after that the endpoint is detached, unless it is attached again before; absent: a namespace of ' +
                  'this name is awaited for as long as it takes, as after a reboot.',
              }),
          })
          .readonly()
          .optional()
          .meta({ description: 'It was on the answering node, and is there no more.' }),
      })
      .readonly(),
    interfaceName: z.string(),
    aliases: z.array(z.string()).readonly().meta({ description: 'Further names, not its alone.' }),
    routePriority: z.int().meta({ description: '0: it never gives its sandbox a default route.' }),
    defaultRoutes: z
      .array(z.enum(['IPv4', 'IPv6']))
      .readonly()
      .optional()
      .meta({
        description:
          'The families in which its sandbox has its default route by this endpoint; absent: none, or it is elsewhere.',
      }),
    labels: shownLabels,
    state: z.enum(['active', 'conflict']),
    conflictWith: z.string().optional().meta({ description: 'Who holds what this endpoint had.' }),
    contestedBy: z
      .array(z.string())
      .readonly()
      .optional()
      .meta({ description: 'Endpoints in conflict with this one, which holds what they had.' }),
    programmed: z.boolean().meta({ description: 'Does the kernel of the answering node hold it?' }),
    pending: z.string().optional().meta({ description: 'Why it does not yet.' }),
    local: z.boolean().meta({ description: 'Is its sandbox on the answering node?' }),
    createdAt: z.string().optional().meta({ description: 'ISO 8601; absent: not known.' }),
    waited: waitedJson.optional(),
  })
  .readonly()
  .meta({ id: 'Endpoint' });

export const detachedJson = z
  .object({
    detached: z.boolean().meta({ description: 'false: there was nothing to undo.' }),
    otherKeys: z.array(z.string()).readonly().optional().meta({
      description:
        'Where there was nothing to undo: keys by which the sandbox is attached to the network all the same, and stays so.',
    }),
    storePending: z.literal(true).optional().meta({
      description:
        'The store is away: this kernel has let go of the endpoint, and the store will be told when it is back.',
    }),
    waited: waitedJson.optional(),
  })
  .readonly()
  .meta({ id: 'Detached' });

export type EndpointJson = z.output<typeof endpointJson>;
export type DetachedJson = z.output<typeof detachedJson>;
/** What a client sends. */
export type AttachBody = z.input<typeof attachBody>;
export type DetachBody = z.input<typeof detachBody>;
