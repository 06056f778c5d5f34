import { z } from 'zod';

export const acceptedStoreJson = z
  .object({
    cluster: z.string(),
    released: z
      .array(z.string())
      .readonly()
      .meta({ description: 'Keys that the answering node held and has given up; the other nodes follow.' }),
  })
  .readonly()
  .meta({ id: 'AcceptedStore' });

export const joinedStoreJson = z
  .object({
    left: z.string().meta({ description: 'Id of the cluster that this node belonged to.' }),
    cluster: z.string().meta({ description: 'Id of the cluster that it belongs to now.' }),
  })
  .readonly()
  .meta({ id: 'JoinedStore' });

export type AcceptedStoreJson = z.output<typeof acceptedStoreJson>;
export type JoinedStoreJson = z.output<typeof joinedStoreJson>;
