import type { WaitedJson } from '../../api/schemas/waited.ts';
import { WeftError } from '../../model/errors.ts';
import type { Events } from '../../model/event.ts';
import type { LogFields } from '../../model/logger.ts';
import type { Metrics } from '../../model/metric.ts';
import type { NodeId } from '../../model/node.ts';
import type { View } from '../view/view.ts';
import type { Reaction } from './asker.ts';

export interface WaitedPorts {
  readonly view: View;
  readonly events: Events;
  readonly metrics: Metrics;
}

/** What was done, for people: a sentence without its end. */
export interface Deed {
  readonly message: string;
  readonly fields: LogFields;
}

/**
 * Everybody has programmed it: an event, and what the caller is told.
 *
 * @throws TIMEOUT or why the store failed, with who lags and why. What was done stands, and the error says so.
 */
export function waitedFor(
  reaction: Reaction,
  { message, fields }: Deed,
  { view, events, metrics }: WaitedPorts,
): WaitedJson {
  const { error, late, nodes } = reaction;
  const waited = waitedJson(reaction, view);
  const { took } = waited;
  count(reaction, metrics);
  if (error === undefined) {
    if (nodes.length > 0) {
      const text = `${message}, and ${waited.nodes.join(', ')} have programmed it after ${took} ms`;
      events.tell('programmed-everywhere', text, { ...fields, nodes: waited.nodes, took });
    }
    return waited;
  }
  const lagging = late.map(({ node, refusal }) => ({
    node: nameOf(node, view),
    why: refusal === undefined ? 'no answer' : `refused: ${refusal}`,
  }));
  const who = lagging.map(({ node, why }) => `${node} (${why})`).join(', ');
  const rest =
    who === '' ? 'it is not known who has programmed it' : `not programmed after ${took} ms by ${who}`;
  const store = view.state === 'insync' ? '' : '; the store is out of reach of this node';
  const cause = error.code === 'TIMEOUT' ? '' : `: ${error.message}`;
  throw new WeftError(error.code, `${message}, and that stands; ${rest}${store}${cause}`, {
    cause: error,
    details: { ...fields, lagging, programmed: waited.nodes },
  });
}

function count({ error, nodes, late, took }: Reaction, metrics: Metrics): void {
  if (nodes.length + late.length === 0 && error === undefined) return;
  metrics.count('weft_waits_total', { outcome: error === undefined ? 'complete' : 'incomplete' });
  if (error === undefined) metrics.observe('weft_wait_duration_seconds', {}, took / 1000);
}

/** Names, in order, and the time to a tenth of a millisecond. */
function waitedJson({ nodes, took }: Reaction, view: View): WaitedJson {
  return { nodes: nodes.map((id) => nameOf(id, view)).toSorted(), took: Math.round(took * 10) / 10 };
}

export const nameOf = (id: NodeId, view: View): string => view.node(id)?.name ?? id;
