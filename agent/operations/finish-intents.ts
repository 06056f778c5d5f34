import { keys } from '../../kvstore/keys.ts';
import { decodeEndpoint } from '../../kvstore/records/endpoint.ts';
import { sandboxScope } from '../../linux/objects/scope.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { Kernel } from '../../linux/kernel.ts';
import { removeRecord } from './detach.ts';
import type { OperationPorts } from './ports.ts';

/**
 * Completes or cancels what an earlier life left open: a detach is done; an attach whose endpoint is in the store stays when
 * its sandbox still lives, and is undone otherwise.
 */
export async function finishIntents(ports: OperationPorts, signal: AbortSignal): Promise<void> {
  for (const { op, network, endpoint } of ports.intents.open()) {
    await ports.locks.run(endpoint, async () => {
      const key = keys.endpoint(network, endpoint);
      const entry = await ports.store.get(key, { signal });
      const known = entry === undefined ? undefined : decodeEndpoint(key, entry.value);
      const undo = known !== undefined && (op === 'detach' || !lives(known, ports.kernel));
      if (undo) await removeRecord(ports.store, network, endpoint, signal);
      ports.intents.end(endpoint);
      ports.logger.info('open intent finished', { op, network, endpoint, undone: undo });
    });
  }
}

function lives({ sandbox }: Endpoint, kernel: Kernel): boolean {
  try {
    const now = kernel.identify(sandboxScope(sandbox.path));
    return now.bootId === sandbox.bootId && now.cookie === sandbox.cookie;
  } catch {
    return false;
  }
}
