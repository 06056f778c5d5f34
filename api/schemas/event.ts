import { z } from 'zod';
import { eventKinds, type EventKind } from '../../model/event.ts';

const kinds = Object.keys(eventKinds) as [EventKind, ...EventKind[]];
const meanings = kinds.map((kind) => `${kind}: ${eventKinds[kind].meaning}.`).join('\n');

const whole = (most: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, { message: 'must be a whole number' })
    .transform(Number)
    .pipe(z.number().max(most));

export const eventsQuery = z.strictObject({
  after: whole(Number.MAX_SAFE_INTEGER)
    .default(0)
    .meta({ description: 'Only events with a greater number.' }),
  wait: whole(60_000)
    .default(0)
    .meta({ description: 'Milliseconds to wait when there is none yet; the answer is then perhaps empty.' }),
});

const eventJson = z
  .object({
    number: z.int().meta({ description: 'Counts up by one within this node, also over restarts.' }),
    time: z.string().meta({ description: "ISO 8601, of this node's clock." }),
    kind: z.enum(kinds).meta({ description: meanings }),
    message: z.string(),
    fields: z
      .record(z.string(), z.unknown())
      .readonly()
      .meta({ description: 'Ids and names that it is about.' }),
  })
  .readonly()
  .meta({ id: 'Event' });

export const eventsJson = z
  .object({
    events: z.array(eventJson).readonly(),
    last: z
      .int()
      .meta({ description: 'Number of the last event. Below `after`: the numbers have begun anew.' }),
  })
  .readonly()
  .meta({ id: 'Events' });

export type EventJson = z.output<typeof eventJson>;
export type EventsJson = z.output<typeof eventsJson>;
