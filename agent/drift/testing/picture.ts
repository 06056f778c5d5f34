import type { NetworkScope, SandboxScope } from '../../../linux/objects/scope.ts';
import type { FreshNode } from '../../../linux/testing/fresh-node.ts';
import { looks, pictureOf } from '../../../linux/testing/picture.ts';

/** What `ip`, `bridge` and `sysctl` say of everything in both namespaces, less what changes when something is made anew. */
export function picture(node: FreshNode, scope: NetworkScope, sandbox: SandboxScope): readonly string[] {
  const settings = ['net.ipv4.ip_forward', 'net.ipv4.conf.br0.rp_filter', 'net.ipv6.conf.all.forwarding'];
  const inside = (where: NetworkScope | SandboxScope, commands: readonly string[]): readonly string[] =>
    pictureOf(node.run(where, 'sh', '-ec', commands.join('\n')));
  return [...inside(scope, [...looks, `sysctl ${settings.join(' ')}`]), ...inside(sandbox, looks)].sort();
}
