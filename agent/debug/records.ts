import type { DebugViewJson } from '../../api/schemas/debug.ts';
import type { DebugRequest } from '../../api/service.ts';
import { keys, prefixes } from '../../kvstore/keys.ts';
import { decodeAny, plainJson } from '../../kvstore/records/any.ts';
import type { Agent } from '../agent.ts';
import { idOf } from './network-of.ts';

/** What this node knows of the store, record by record, in the order of the keys. @throws NETWORK_NOT_FOUND */
export function recordsOf(agent: Agent, { network, limit }: DebugRequest): DebugViewJson {
  const { view } = agent;
  const isAsked = network === undefined ? () => true : ofNetwork(network, agent);
  const held = new Set(view.held());
  const all = view.records().filter(({ key }) => isAsked(key));
  const shown = all.toSorted((a, b) => (a.key < b.key ? -1 : 1)).slice(0, limit);
  return {
    state: view.state,
    records: shown.map(({ key, recorded: { value, revision } }) => ({
      key,
      revision,
      held: held.has(key),
      // Declarations are kept as the bytes that somebody wrote.
      value: value instanceof Uint8Array ? declaration(key, value) : plainJson(value),
    })),
    bad: Array.from(view.bad(), ([key, error]) => ({ key, why: error.message })).filter(({ key }) =>
      isAsked(key),
    ),
    total: all.length,
  };
}

function ofNetwork(network: string, agent: Agent): (key: string) => boolean {
  const id = idOf(network, agent);
  const name = agent.view.networkById(id)?.name;
  const named: readonly string[] = name === undefined ? [] : [keys.network(name), keys.networkState(name)];
  const below = [prefixes.net(id), `${prefixes.waits}${id}/`];
  return (key) => named.includes(key) || below.some((prefix) => key.startsWith(prefix));
}

/** One that is not valid is refused elsewhere; here it is shown as it is. */
function declaration(key: string, bytes: Uint8Array): unknown {
  try {
    return decodeAny(key, bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}
