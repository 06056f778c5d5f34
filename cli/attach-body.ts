import type { AttachBody } from '../api/schemas/endpoint.ts';
import { pairsOf } from './pairs.ts';

/** The flags of `weft attach` and `weft run` that describe an endpoint. */
export interface EndpointFlags {
  readonly network: string;
  readonly ip?: readonly string[];
  readonly reservation?: string;
  readonly owner?: string;
  readonly mac?: string;
  readonly name?: string;
  readonly interface?: string;
  readonly key?: string;
  readonly routePriority?: number;
  readonly alias?: readonly string[];
  readonly label?: readonly string[];
  /** Milliseconds. */
  readonly timeout?: number;
  readonly wait?: true;
}

/** What the flags ask for; the agent judges names and addresses. @throws INPUT_INVALID for a label without `=`. */
export function attachBodyOf(sandbox: string, flags: EndpointFlags): AttachBody {
  const { network, ip, reservation, owner, mac, name, key, routePriority, alias, label, timeout, wait } =
    flags;
  return {
    network,
    sandbox,
    ...(key === undefined ? {} : { key }),
    ...(name === undefined ? {} : { name }),
    ...(ip === undefined ? {} : { addresses: [...ip] }),
    ...(reservation === undefined ? {} : { reservation }),
    ...(owner === undefined ? {} : { owner }),
    ...(mac === undefined ? {} : { mac }),
    ...(flags.interface === undefined ? {} : { interfaceName: flags.interface }),
    ...(routePriority === undefined ? {} : { routePriority }),
    ...(alias === undefined ? {} : { aliases: [...alias] }),
    ...(label === undefined ? {} : { labels: pairsOf('--label', label) }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(wait === undefined ? {} : { wait }),
  };
}
