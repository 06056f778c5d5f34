import { WeftError } from '../../model/errors.ts';
import type { Host } from './host.ts';
import type { Lab } from './lab.ts';

/** A sandbox's place in a network, as its host's agent shows it. */
export interface Member {
  readonly network: string;
  readonly networkId: string;
  readonly host: string;
  /** `c1` for a sandbox of the lab, else the caller's key. */
  readonly sandbox: string;
  /** Path of the sandbox's namespace. */
  readonly path: string;
  /** Without prefix length. */
  readonly addresses: readonly string[];
  readonly mac: string;
}

/** An endpoint of the local API, as far as the lab looks. */
export interface EndpointAnswer {
  readonly id: string;
  readonly network: string;
  readonly networkId: string;
  readonly node: string;
  readonly mac: string;
  readonly addresses: readonly string[];
  readonly sandbox: { readonly key: string; readonly path: string };
  readonly interfaceName: string;
  readonly state: string;
  readonly programmed: boolean;
  readonly local: boolean;
}

/** Every endpoint that lives on a host of the lab, asked of its own agent. @throws NOT_READY with the host's name. */
export async function readMembers(lab: Lab): Promise<readonly Member[]> {
  const lists = await Promise.all(
    lab.hosts.map(async (host) => {
      const endpoints = await ask<readonly EndpointAnswer[]>(host, '/v1/endpoints');
      return endpoints.filter((endpoint) => endpoint.local).map((endpoint) => memberOf(host, endpoint));
    }),
  );
  return lists.flat();
}

export function memberOf(host: Host, endpoint: EndpointAnswer): Member {
  const prefix = `/${host.namespace}-`;
  const at = endpoint.sandbox.path.lastIndexOf(prefix);
  return {
    network: endpoint.network,
    networkId: endpoint.networkId,
    host: host.name,
    sandbox: at < 0 ? endpoint.sandbox.key : endpoint.sandbox.path.slice(at + prefix.length),
    path: endpoint.sandbox.path,
    addresses: endpoint.addresses.map((address) => address.replace(/\/.*/, '')),
    mac: endpoint.mac,
  };
}

/** GET on the agent of a host. @throws NOT_READY naming the host, the question and the answer. */
export async function ask<T>(host: Host, path: string): Promise<T> {
  const wrong = (what: string, cause?: unknown): WeftError =>
    new WeftError('NOT_READY', `${host.name}: GET ${path}: ${what}`, { cause, details: { host: host.name } });
  const { status, body } = await host.agent.request('GET', path).catch((error: unknown) => {
    throw wrong(`nobody answers on ${host.agent.socket}; is weftd running? see: weft lab status`, error);
  });
  if (status !== 200) throw wrong(`the agent answers ${status}: ${JSON.stringify(body)}`);
  return body as T;
}
