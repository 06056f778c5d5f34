import { z } from 'zod';
import { errorCodes, type ErrorCode } from '../../model/errors.ts';

/** The body of every answer that is not a success. */
export const failureJson = z
  .object({
    error: z
      .object({
        code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
        message: z.string(),
        retry: z.enum(['transient', 'conflict', 'terminal', 'bug']),
        details: z.record(z.string(), z.unknown()),
      })
      .readonly(),
  })
  .readonly()
  .meta({ id: 'Failure' });

export type FailureJson = z.output<typeof failureJson>;
