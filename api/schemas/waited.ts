import { z } from 'zod';
import { timeout } from './text.ts';

const meaning =
  'Wait until every live node that takes part in the network has programmed it, within the timeout.';

/** In the body of an operation. */
export const wait = z.boolean().optional().meta({ description: meaning });

/** The same in a query, where the body is a declaration or there is none. */
export const waitQuery = {
  wait: z
    .enum(['true', 'false'])
    .meta({ description: meaning })
    .transform((text) => text === 'true')
    .optional(),
  timeout: z
    .string()
    .regex(/^\d{1,6}$/, 'must be a number of milliseconds')
    .meta({
      description:
        'How long to wait, in milliseconds (default: 10000); then TIMEOUT, and what was done stands.',
    })
    .transform(Number)
    .pipe(timeout)
    .optional(),
};

export const waitedJson = z
  .object({
    nodes: z
      .array(z.string())
      .readonly()
      .meta({ description: 'The other live nodes that take part, by name: each has programmed it.' }),
    took: z.number().meta({ description: 'Milliseconds from the commit in the store to the last answer.' }),
  })
  .readonly()
  .meta({ id: 'Waited', description: 'Only when it was asked to wait.' });

export type WaitedJson = z.output<typeof waitedJson>;
