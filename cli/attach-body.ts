import type { AttachBody } from '../api/schemas/endpoint.ts';
import { pairsOf } from './pairs.ts';

/** The flags of `weft attach` and `weft run` that describe an endpoint. */
export interface EndpointFlags {
  readonly network: string;
  readonly ip?: readonly string[];
  readonly mac?: string;
  readonly name?: string;
  readonly alias?: readonly string[];
  readonly interface?: string;
  readonly key?: string;
  readonly routePriority?: number;
  readonly label?: readonly string[];
  /** Milliseconds. */
  readonly timeout?: number;
}

/** What the flags ask for; the agent judges names and addresses. @throws INPUT_INVALID for a label without `=`. */
export function attachBodyOf(sandbox: string, flags: EndpointFlags): AttachBody {
  const { network, ip, mac, name, alias, key, routePriority, label, timeout } = flags;
  return {
    network,
    sandbox,
    ...(key === undefined ? {} : { key }),
    ...(name === undefined ? {} : { name }),
    ...(alias === undefined ? {} : { aliases: [...alias] }),
    ...(ip === undefined ? {} : { addresses: [...ip] }),
    ...(mac === undefined ? {} : { mac }),
    ...(flags.interface === undefined ? {} : { interfaceName: flags.interface }),
    ...(routePriority === undefined ? {} : { routePriority }),
    ...(label === undefined ? {} : { labels: pairsOf('--label', label) }),
    ...(timeout === undefined ? {} : { timeout }),
  };
}
