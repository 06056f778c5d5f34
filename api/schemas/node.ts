import { z } from 'zod';
import { timeout } from './text.ts';

export const nodeParams = z.strictObject({
  node: z.string().min(1).max(63).meta({ description: 'Id or name of the node.' }),
});

export const drainBody = z
  .strictObject({
    confirm: z
      .string()
      .max(80)
      .optional()
      .meta({ description: 'The words `drain` and the name of the node.', examples: ['drain n1'] }),
    timeout: timeout.default(10_000),
  })
  .meta({ id: 'Drain' });

export const nodeJson = z
  .object({
    id: z.string(),
    name: z.string(),
    vteps: z.array(z.string()).readonly(),
    mtu: z.int().meta({ description: 'MTU of the interface that carries the VTEP address.' }),
    alive: z.boolean(),
    state: z.enum(['alive', 'draining', 'down', 'unmanaged', 'collecting']).meta({
      description:
        '`unmanaged`: its agent is away and its endpoints may be in use; `collecting`: its endpoints are being given up.',
    }),
    why: z.string().optional().meta({ description: 'Why a node that has been down for long is kept.' }),
    self: z.boolean().meta({ description: 'Is it the node that answers?' }),
    version: z.string(),
    endpoints: z
      .int()
      .nullable()
      .meta({ description: 'null: this node does not follow all networks of that one.' }),
  })
  .readonly()
  .meta({ id: 'Node' });

export const forgottenNodeJson = z
  .object({
    id: z.string(),
    name: z.string(),
    endpoints: z.int().meta({ description: 'How many endpoints were given up by this.' }),
  })
  .readonly()
  .meta({ id: 'ForgottenNode' });

export const drainedNodeJson = z
  .object({
    id: z.string(),
    name: z.string(),
    state: z.enum(['drained', 'draining']),
    endpoints: z.int().meta({ description: 'How many it still has.' }),
  })
  .readonly()
  .meta({ id: 'DrainedNode' });

export type NodeJson = z.output<typeof nodeJson>;
export type ForgottenNodeJson = z.output<typeof forgottenNodeJson>;
export type DrainedNodeJson = z.output<typeof drainedNodeJson>;
/** What a client sends. */
export type DrainBody = z.input<typeof drainBody>;
