import { z } from 'zod';

export const nodeJson = z
  .object({
    id: z.string(),
    name: z.string(),
    vteps: z.array(z.string()).readonly(),
    mtu: z.int().meta({ description: 'MTU of the interface that carries the VTEP address.' }),
    alive: z.boolean(),
    self: z.boolean().meta({ description: 'Is it the node that answers?' }),
    version: z.string(),
    endpoints: z
      .int()
      .nullable()
      .meta({ description: 'null: this node does not follow all networks of that one.' }),
  })
  .readonly()
  .meta({ id: 'Node' });

export type NodeJson = z.output<typeof nodeJson>;
