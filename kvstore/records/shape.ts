import type { z } from 'zod';
import { wrong } from './record.ts';

/** The value in the shape of the schema; ends the decoder with every problem and its path. */
export function parseShape<T>(schema: z.ZodType<T>, json: unknown): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, 10)
    .map((i) => `${i.path.map(String).join('.')}: ${i.message}`);
  return wrong(problems.join('; '));
}
