import { z } from 'zod';

/** Which pools the cluster shall have from now on; the agent reads the text. */
export const setPoolsBody = z
  .strictObject({
    pools: z
      .string()
      .max(4096)
      .meta({
        description:
          'Pools with white space between them; an empty text stands for those of a cluster that was told none.',
        examples: ['base=10.64.0.0/11,size=24 base=fd00:7::/48,size=64'],
      }),
  })
  .meta({ id: 'SetPools' });

export const poolJson = z
  .object({
    base: z.string(),
    size: z.int().meta({ description: 'Length of the prefixes that are cut from it.' }),
    total: z.string().meta({ description: 'How many there are, in digits.' }),
    subnets: z.int().meta({ description: 'Subnets of networks that lie in it, whoever has chosen them.' }),
  })
  .readonly()
  .meta({ id: 'AddressPool' });

export type PoolJson = z.output<typeof poolJson>;
