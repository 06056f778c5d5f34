import { join } from 'node:path';
import type { NetworkId } from '../../../model/network.ts';
import { activeNetwork, applyNetwork, attach } from '../../lab/call.ts';
import type { Host } from '../../lab/host.ts';
import type { Lab } from '../../lab/lab.ts';
import { isNamespace } from '../../lab/netns.ts';
import { waitFor } from '../../lab/wait.ts';
import { startScript, type LineProcess } from '../store/line-process.ts';
import { roomy } from './peer.ts';

/** The peer, beside the store of a lab. */
export function startPeer(lab: Lab): LineProcess {
  const script = join(import.meta.dirname, 'peer-process.ts');
  const netns = isNamespace(lab.store.netns) ? { netns: lab.store.netns } : {};
  return startScript({ script, args: [lab.store.url], ...netns });
}

/** Declares the roomy network, and attaches the first hosts of the lab, one sandbox `c1` each. */
export async function enterRoomy(lab: Lab, hosts: readonly Host[]): Promise<NetworkId> {
  const { name, subnets, addresses } = roomy;
  const [first] = lab.hosts;
  if (first === undefined) throw new Error('the lab has no host');
  await applyNetwork(first, name, { subnets });
  let id = '';
  for (const host of hosts) {
    const known = await waitFor(`${host.name} to know it`, () => activeNetwork(host, name), {
      within: 15_000,
    });
    id = known.id;
    const { namespace } = await host.sandbox('c1').ensure();
    await attach(host, { network: name, sandbox: namespace, addresses: [...addresses(host.number)] });
  }
  return id as NetworkId;
}
