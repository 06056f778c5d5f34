import { z } from 'zod';

const most = 100_000;

export const debugQuery = z.strictObject({
  network: z
    .string()
    .min(1)
    .max(63)
    .optional()
    .meta({ description: 'Name or id of a network: only what is of it.' }),
  limit: z
    .string()
    .regex(/^\d{1,6}$/, { message: 'must be a whole number' })
    .transform(Number)
    .pipe(z.number().max(most))
    .default(1000)
    .meta({ description: `The most that is listed, up to ${most}; the rest is counted.` }),
});

const total = z
  .int()
  .meta({ description: 'How many there are; more than are listed when a limit cut them.' });

const recordJson = z
  .object({
    key: z.string().meta({ description: 'Relative to the prefix of the store.' }),
    revision: z.int(),
    held: z.boolean().meta({ description: 'The store has lost it, and this node keeps it.' }),
    value: z.unknown().meta({ description: 'The record, decoded.' }),
  })
  .readonly()
  .meta({ id: 'Record' });

export const debugViewJson = z
  .object({
    state: z.enum(['syncing', 'insync', 'stale']),
    records: z.array(recordJson).readonly(),
    bad: z
      .array(z.object({ key: z.string(), why: z.string() }).readonly())
      .readonly()
      .meta({ description: 'Records that cannot be read, and change nothing.' }),
    total,
  })
  .readonly()
  .meta({ id: 'DebugView' });

const objectJson = z
  .looseObject({
    kind: z.enum([
      'netns',
      'sysctl',
      'bridge',
      'vxlan',
      'veth',
      'address',
      'route',
      'fdb',
      'port-fdb',
      'neighbour',
    ]),
    scope: z.string().meta({ description: 'The network namespace: network:<id>, or sandbox:<path>.' }),
  })
  .readonly()
  .meta({ id: 'KernelObject', description: 'An object of the kernel, with the attributes of its kind.' });

const wantedJson = z
  .object({
    key: z.string(),
    state: z.enum(['done', 'pending', 'error']).meta({
      description:
        '`done`: the kernel holds it, as far as is known; `pending`: it is about to be written, or needs another one first; `error`: it was refused.',
    }),
    error: z.object({ decision: z.string(), message: z.string() }).readonly().optional().meta({
      description: "The kernel's answer, and what is done about it: docs/reference/kernel-errors.md.",
    }),
    object: objectJson,
  })
  .readonly()
  .meta({ id: 'WantedObject' });

const foundJson = z.object({ key: z.string(), object: objectJson }).readonly().meta({ id: 'FoundObject' });

const stepJson = z
  .object({
    op: z.enum(['create', 'change', 'delete']),
    key: z.string(),
    lines: z.array(z.string()).readonly().meta({ description: 'For a shell in the namespace of the node.' }),
  })
  .readonly()
  .meta({ id: 'Step' });

const perNetwork = {
  network: z.string().meta({ description: 'Its name; the id of one that has none any more.' }),
  id: z.string(),
  total,
};

export const debugDesiredJson = z
  .array(z.object({ ...perNetwork, objects: z.array(wantedJson).readonly() }).readonly())
  .readonly()
  .meta({ id: 'DebugDesired' });

export const debugObservedJson = z
  .array(
    z
      .object({
        ...perNetwork,
        objects: z.array(foundJson).readonly(),
        deadSandboxes: z.array(z.string()).readonly().meta({ description: 'Paths that lead to none now.' }),
      })
      .readonly(),
  )
  .readonly()
  .meta({ id: 'DebugObserved' });

export const networkPlanJson = z
  .object({ ...perNetwork, steps: z.array(stepJson).readonly() })
  .readonly()
  .meta({ id: 'NetworkPlan', description: 'In the order in which the steps must be carried out.' });

export const debugPlanJson = z.array(networkPlanJson).readonly().meta({ id: 'DebugPlan' });

export type DebugViewJson = z.output<typeof debugViewJson>;
export type DebugDesiredJson = z.output<typeof debugDesiredJson>;
export type DebugObservedJson = z.output<typeof debugObservedJson>;
export type NetworkChangeJson = z.output<typeof networkPlanJson>;
export type DebugPlanJson = z.output<typeof debugPlanJson>;
