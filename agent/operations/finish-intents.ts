import { keys } from '../../kvstore/keys.ts';
import { decodeEndpoint } from '../../kvstore/records/endpoint.ts';
import { asWeftError } from '../../model/errors.ts';
import type { Intent } from '../state/intents.ts';
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
        const undone = await finish(intent, ports, signal);
        ports.intents.end(endpoint, undone || intent.op === 'detach' ? 'gone' : 'done');
        ports.logger.info('open intent finished', { ...intent, undone });
      } catch (error) {
        const { code, message } = asWeftError(error);
        left += 1;
        ports.logger.warn('open intent cannot be finished yet', { ...intent, code, error: message });
      }
    });
  }
  return left;
}

/** Was an endpoint of ours removed? */
async function finish(
  { op, network, endpoint }: Intent,
  ports: OperationPorts,
  signal: AbortSignal,
): Promise<boolean> {
  ports.demandStore('an open intent waits');
  const key = keys.endpoint(network, endpoint);
  const entry = await ports.store.get(key, { signal });
  if (entry === undefined) return false;
  const known = decodeEndpoint(key, entry.value);
  if (known.node !== ports.self().node) return false;
  if (op === 'attach' && ports.sandboxes.lives(known.sandbox)) return false;
  return detachLocked(network, endpoint, ports, signal);
}
