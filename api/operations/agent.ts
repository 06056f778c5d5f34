import { z } from 'zod';
import { eventsJson, eventsQuery } from '../schemas/event.ts';
import { configJson, healthJson, readinessJson, statusJson } from '../schemas/status.ts';
import { operation } from './operation.ts';

/** How the agent is doing, and what it was told. */
export const agentOperations = {
  health: operation({
    summary: 'Is the process alive?',
    answer: healthJson,
    call: async () => ({ ok: true as const }),
  }),
  readiness: operation({
    summary: 'Can this node attach endpoints now?',
    answer: readinessJson,
    otherwise: { status: 503, when: 'Not ready, and why.', applies: ({ ready }) => !ready },
    call: (service) => service.readiness(),
  }),
  metrics: operation({
    summary: 'What can be counted and measured, for Prometheus.',
    answer: z.string(),
    text: 'text/plain; version=0.0.4; charset=utf-8',
    call: (service) => service.metrics(),
  }),
  status: operation({
    summary: 'How the agent is doing.',
    answer: statusJson,
    call: (service) => service.status(),
  }),
  config: operation({
    summary: 'Every setting of the agent with its origin.',
    answer: configJson,
    call: (service) => service.config(),
  }),
  events: operation({
    summary: 'What this node decided, did and saw, oldest first; the last thousand are kept.',
    query: eventsQuery,
    answer: eventsJson,
    call: (service, { query }) => service.events(query),
  }),
} as const;
