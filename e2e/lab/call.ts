import type { AttachBody, EndpointJson } from '../../api/schemas/endpoint.ts';
import type { AcceptedNetworkJson, NetworkJson } from '../../api/schemas/network.ts';
import { errorCodes, WeftError, type ErrorCode } from '../../model/errors.ts';
import type { Host } from './host.ts';

/**
 * One call of a host's agent. @throws DAEMON_UNREACHABLE, or what the agent answered, with the host's name in front.
 */
export async function call<T>(host: Host, method: string, path: string, body?: unknown): Promise<T> {
  const what = `${host.name}: ${method} ${path}`;
  const answer = await host.agent.request(method, path, body).catch((error: unknown) => {
    if (error instanceof WeftError) throw error;
    const hint = 'is weftd running? see: weft lab status';
    throw new WeftError('DAEMON_UNREACHABLE', `${what}: nobody answers on ${host.agent.socket}; ${hint}`, {
      cause: error,
      details: { host: host.name },
    });
  });
  if (answer.status >= 200 && answer.status < 300) return answer.body as T;
  const { code, message } = failureIn(answer.body);
  const said = message ?? `the agent answers ${answer.status}: ${JSON.stringify(answer.body)}`;
  throw new WeftError(code, `${what}: ${said}`, { details: { host: host.name, status: answer.status } });
}

function failureIn(body: unknown): { readonly code: ErrorCode; readonly message?: string } {
  if (typeof body !== 'object' || body === null || !('error' in body)) return { code: 'INVARIANT' };
  const { code, message } = body.error as { readonly code?: string; readonly message?: string };
  const known = code !== undefined && code in errorCodes ? (code as ErrorCode) : 'INVARIANT';
  return { code: known, ...(message === undefined ? {} : { message }) };
}

/** Creates or changes a network through the agent of a host. `declaration` as in `weft network create`. */
export async function applyNetwork(
  host: Host,
  name: string,
  declaration: Readonly<Record<string, unknown>>,
): Promise<NetworkJson> {
  const path = `/v1/networks/${name}`;
  return (await call<{ readonly network: NetworkJson }>(host, 'PUT', path, declaration)).network;
}

/** The network as this host's agent knows it, or undefined as long as it does not know it as active. */
export async function activeNetwork(host: Host, name: string): Promise<AcceptedNetworkJson | undefined> {
  const networks = await call<readonly NetworkJson[]>(host, 'GET', '/v1/networks');
  const found = networks.find((network) => network.name === name);
  return found?.phase === 'active' ? found : undefined;
}

/** Endpoints as this host's agent knows them, of one network or of all. */
export function endpointsSeenBy(host: Host, network?: string): Promise<readonly EndpointJson[]> {
  const query = network === undefined ? '' : `?network=${encodeURIComponent(network)}`;
  return call<readonly EndpointJson[]>(host, 'GET', `/v1/endpoints${query}`);
}

/** Answers when the host's kernel holds the endpoint. Repeatable: the same sandbox gives the same endpoint. */
export function attach(host: Host, body: AttachBody): Promise<EndpointJson> {
  return call<EndpointJson>(host, 'POST', '/v1/attach', body);
}

/** Success also when there was nothing to undo. */
export async function detach(host: Host, network: string, sandbox: string): Promise<boolean> {
  const body = { network, sandbox };
  return (await call<{ readonly detached: boolean }>(host, 'POST', '/v1/detach', body)).detached;
}
