import { prefixes } from '../kvstore/keys.ts';
import { decodeEndpoint } from '../kvstore/records/endpoint.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { hasCode } from '../model/errors.ts';
import type { Network } from '../model/network.ts';
import type { Agent } from './agent.ts';
import type { Recorded } from './view/collection.ts';

/** How long the store may take to answer, in milliseconds. */
const patience = 10_000;

/** @throws NOT_READY before the store was read once: an empty answer would be a lie. */
export function demandView(agent: Agent): void {
  if (!agent.view.ready) throw agent.notReady('it has not read the store yet');
}

/** From the view where this node takes part, from the store otherwise. */
export async function endpointsOf(agent: Agent, network: Network): Promise<readonly Recorded<Endpoint>[]> {
  const { view, ports } = agent;
  const known = view.endpoints(network.id);
  const { intents } = agent.operations;
  if (known !== undefined && known.state !== 'syncing')
    return [...known.records.values()].filter((e) => !intents.isGone(e.value.id));
  // While the store is away, what is known here is all that can be told.
  if (view.state !== 'insync') return [];
  const signal = agent.deadline(patience);
  const { entries } = await ports.store.list(prefixes.endpoints(network.id), { signal });
  return entries.flatMap(({ key, value, revision }) => {
    try {
      return [{ value: decodeEndpoint(key, value), revision }];
    } catch (error) {
      if (hasCode(error, 'RECORD_INVALID')) return [];
      throw error;
    }
  });
}
