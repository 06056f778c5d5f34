import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { EndpointId } from '../../model/endpoint.ts';
import { WeftError } from '../../model/errors.ts';
import { isName } from '../../model/name.ts';
import type { NetworkId } from '../../model/network.ts';
import type { NodeId } from '../../model/node.ts';

/** Where a sandbox is and what makes a repeated call mean the same one. */
export interface SandboxRef {
  readonly key: string;
  readonly path: string;
}

/** Where `ip netns` keeps named namespaces (ip-netns(8)). */
const systemDirectory = '/run/netns';

/**
 * Reads what a caller wrote for a sandbox: a PID, an absolute path, or the name of a namespace in our own directory or
 * in that of `ip netns`.
 *
 * @throws SANDBOX_INVALID
 */
export function readSandbox(text: string, netnsDir: string): SandboxRef {
  if (/^[1-9]\d{0,9}$/.test(text)) return { key: `pid:${text}`, path: `/proc/${text}/ns/net` };
  if (text.startsWith('/')) return fromPath(text, netnsDir);
  if (!isName(text)) {
    throw new WeftError(
      'SANDBOX_INVALID',
      `sandbox ${JSON.stringify(text.slice(0, 80))} is neither the name of a network namespace, a PID, nor an absolute path`,
      { details: { sandbox: text } },
    );
  }
  const places = [...new Set([netnsDir, systemDirectory])];
  const directory = places.find((d) => existsSync(`${d}/${text}`));
  if (directory === undefined) {
    throw new WeftError(
      'SANDBOX_INVALID',
      `there is no network namespace ${text} in ${places.join(' or ')}`,
      {
        details: { sandbox: text, places },
      },
    );
  }
  return { key: `netns:${text}`, path: `${directory}/${text}` };
}

/** A path into a directory of named namespaces means the same as the name. */
function fromPath(path: string, netnsDir: string): SandboxRef {
  const normal = path.replace(/\/{2,}/g, '/').replace(/^\/var\/run\//, '/run/');
  for (const directory of [netnsDir, systemDirectory]) {
    const name = normal.startsWith(`${directory}/`) ? normal.slice(directory.length + 1) : '';
    if (isName(name)) return { key: `netns:${name}`, path: normal };
  }
  const pid = /^\/proc\/(\d+)\/ns\/net$/.exec(normal)?.[1];
  return { key: pid === undefined ? `path:${normal}` : `pid:${pid}`, path: normal };
}

/** One caller's key on one node and network is one endpoint, however often it is attached. */
export function endpointIdOf(node: NodeId, network: NetworkId, key: string): EndpointId {
  return createHash('sha256').update(`${node}\0${network}\0${key}`).digest('hex').slice(0, 32) as EndpointId;
}
