import type { NetworkScope, SandboxScope } from '../../../linux/objects/scope.ts';
import type { FreshNode } from '../../../linux/testing/fresh-node.ts';

/** What `ip`, `bridge` and `sysctl` say of everything in both namespaces, less what changes when something is made anew. */
export function picture(node: FreshNode, scope: NetworkScope, sandbox: SandboxScope): readonly string[] {
  const look = [
    'ip -d -o link',
    'ip -o address',
    'ip route',
    'ip -6 route',
    'ip neigh show nud permanent',
    'bridge fdb show',
    'bridge -d link',
  ];
  const settings = ['net.ipv4.ip_forward', 'net.ipv4.conf.br0.rp_filter', 'net.ipv6.conf.all.forwarding'];
  const inside = (where: NetworkScope | SandboxScope, commands: readonly string[]): readonly string[] =>
    node.run(where, 'sh', '-ec', commands.join('\n')).split('\n');
  const lines = [...inside(scope, [...look, `sysctl ${settings.join(' ')}`]), ...inside(sandbox, look)];
  return lines
    .map((line) => madeAnew.reduce((text, pattern) => text.replaceAll(pattern, ''), line))
    .filter((line) => !/^ *$|fe80|ff02::|33:33:|01:00:5e:|dynamic/.test(line))
    .sort();
}

/** What is another when an interface is made anew: indexes, MACs that are not ours, ids and times of the bridge; and for a moment. */
const madeAnew = [
  / state (UP|DOWN|UNKNOWN|LOWERLAYERDOWN|forwarding|disabled)\b|NO-CARRIER,|,LOWER_UP|\b(tentative|linkdown)\b/g,
  /^\d+: |@if\d+|@\w+|link-netns(id)? \S+|permaddr \S+/g,
  /\b(?!02:57)([0-9a-f]{2}:){5}[0-9a-f]{2}\b/g,
  /port_(no|id) \S+|bridge_id \S+|root_id \S+|designated_\w+ +\S+|(\w+_timer|message_age) +[\d.]+/g,
];
