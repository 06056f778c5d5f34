import { keys } from '../../kvstore/keys.ts';
import { decodeEndpoint } from '../../kvstore/records/endpoint.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { asWeftError } from '../../model/errors.ts';
import type { Intent } from '../state/intents.ts';
import type { Recorded } from '../view/collection.ts';
import { detachLocked } from './detach.ts';
import type { OperationPorts } from './ports.ts';

/**
 * Completes or cancels what was left open by an earlier life, or by a store that was away: a detach is done; an attach whose
 * endpoint is in the store stays when its sandbox still lives, and is undone otherwise. In the order in which they were begun.
 * How many cannot be finished yet?
 */
export async function finishIntents(ports: OperationPorts, signal: AbortSignal): Promise<number> {
  let left = 0;
  for (const { endpoint } of ports.intents.open()) {
    await ports.locks.run(endpoint, async () => {
      // An operation that held the lock until now may have ended it, or begun another one.
      const intent = ports.intents.get(endpoint);
      if (intent === undefined) return;
      try {
        const outcome = await finish(intent, ports, signal);
        ports.intents.end(endpoint, outcome);
        ports.logger.info('open intent finished', { ...intent, undone: outcome === 'gone' });
      } catch (error) {
        const { code, message } = asWeftError(error);
        left += 1;
        ports.logger.warn('open intent cannot be finished yet', { ...intent, code, error: message });
      }
    });
  }
  return left;
}

/** How it ended: an endpoint that stays, as the store has it. */
async function finish(
  { op, network, endpoint }: Intent,
  ports: OperationPorts,
  signal: AbortSignal,
): Promise<'gone' | 'done' | Recorded<Endpoint>> {
  ports.demandStore('an open intent waits');
  const key = keys.endpoint(network, endpoint);
  const entry = await ports.store.get(key, { signal });
  const known = entry === undefined ? undefined : decodeEndpoint(key, entry.value);
  if (entry === undefined || known?.node !== ports.self().node) return op === 'detach' ? 'gone' : 'done';
  if (op === 'attach' && ports.sandboxes.lives(known.sandbox))
    return { value: known, revision: entry.revision };
  const isUndone = await detachLocked(network, endpoint, ports, signal);
  return isUndone || op === 'detach' ? 'gone' : 'done';
}
