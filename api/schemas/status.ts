import { z } from 'zod';

const problem = z
  .object({ what: z.string(), why: z.string(), hint: z.string().optional() })
  .readonly()
  .meta({ id: 'Problem' });

export const statusJson = z
  .object({
    phase: z.enum(['starting', 'joining', 'reading', 'ready', 'stopped']),
    node: z.object({ id: z.string(), name: z.string(), vteps: z.array(z.string()).readonly() }).readonly(),
    cluster: z
      .object({
        id: z.string(),
        underlay: z.union([z.literal(4), z.literal(6)]),
        port: z.int(),
        pools: z.array(z.string()).readonly().meta({
          description: 'Address pools for networks that declare no subnet: `base=10.64.0.0/11,size=24`.',
        }),
      })
      .readonly()
      .nullable()
      .meta({ description: 'null before this node has joined one.' }),
    store: z
      .object({
        description: z.string(),
        state: z.enum(['syncing', 'insync', 'stale']),
        since: z.string().meta({ description: 'ISO 8601.' }),
      })
      .readonly(),
    networks: z.int(),
    endpoints: z.object({ local: z.int(), remote: z.int() }).readonly(),
    objects: z
      .object({ desired: z.int(), failed: z.int(), pending: z.int() })
      .readonly()
      .meta({ description: 'Kernel objects of this node.' }),
    repairs: z.record(z.string(), z.int()).meta({
      description: 'What somebody else had changed in the kernel and is as it was, by kind, since the start.',
    }),
    problems: z.array(problem).readonly().meta({ description: 'What makes the agent unhealthy.' }),
    warnings: z.array(problem).readonly().meta({ description: 'What somebody should know of all the same.' }),
    version: z.string(),
    uptime: z.number().meta({ description: 'Seconds.' }),
  })
  .readonly()
  .meta({ id: 'Status' });

export const readinessJson = z
  .object({ ready: z.boolean(), reasons: z.array(z.string()).readonly() })
  .readonly()
  .meta({ id: 'Readiness' });

export const healthJson = z
  .object({ ok: z.literal(true) })
  .readonly()
  .meta({ id: 'Health' });

export const configJson = z
  .array(
    z
      .object({
        key: z.string(),
        value: z.union([z.string(), z.number(), z.boolean()]),
        origin: z.string().meta({ description: 'flag, environment, file or default, and which.' }),
      })
      .readonly(),
  )
  .readonly()
  .meta({ id: 'Config' });

export type StatusJson = z.output<typeof statusJson>;
export type ReadinessJson = z.output<typeof readinessJson>;
export type ConfigJson = z.output<typeof configJson>;
