import { keys } from '../../kvstore/keys.ts';
import { encodeEndpoint } from '../../kvstore/records/endpoint.ts';
import type { EndpointId } from '../../model/endpoint.ts';
import { asWeftError } from '../../model/errors.ts';
import type { NetworkId } from '../../model/network.ts';
import type { OperationPorts } from './ports.ts';

/**
 * Writes down which namespace an own endpoint's sandbox is since it has come back after a reboot. What cannot be written now is
 * tried again by whoever looks next.
 */
export async function adopt(
  network: NetworkId,
  id: EndpointId,
  ports: OperationPorts,
  signal: AbortSignal,
): Promise<void> {
  const { view, store, sandboxes, logger, locks } = ports;
  await locks.run(id, async () => {
    if (view.state !== 'insync') return;
    const key = keys.endpoint(network, id);
    const known = view.endpoints(network)?.get(key);
    const sandbox = known === undefined ? undefined : sandboxes.returned(known.value.sandbox);
    if (known === undefined || sandbox === undefined) return;
    const value = { ...known.value, sandbox };
    try {
      const result = await store.txn(
        [{ kind: 'unchanged', key, revision: known.revision }],
        [{ kind: 'put', key, value: encodeEndpoint(value) }],
        { signal },
      );
      if (!result.ok) return;
      view.endpoints(network)?.learn(key, { value, revision: result.revision });
      logger.info('sandbox is back after a reboot', { network, endpoint: id, sandbox: sandbox.path });
    } catch (error) {
      logger.warn('sandbox is back, which cannot be written down yet', {
        network,
        endpoint: id,
        error: asWeftError(error).message,
      });
    }
  });
}
