import type {
  AcceptedNetworkJson,
  NetworkJson,
  Readiness,
  SubnetJson,
  WaitsFor,
} from '../../api/schemas/network.ts';
import { details, table } from '../output/table.ts';
import { waitedText } from '../waiting.ts';

/** More of them are counted only. */
const shownEndpoints = 50;

export function networkTable(networks: readonly NetworkJson[]): string {
  return table(
    ['NAME', 'STATE', 'VNI', 'SUBNETS', 'MTU', 'ENDPOINTS', 'NOTE'],
    networks.map((network) => {
      if (network.phase === 'refused') return [network.name, 'refused', '', '', '', '', network.why];
      const { name, vni, subnets, mtu, endpoints, refusedEdit } = network;
      const notes = [
        waitText(network.waitsFor),
        ...(refusedEdit === undefined ? [] : [`edit refused: ${refusedEdit.why}`]),
      ];
      return [
        name,
        stateOf(network),
        String(vni),
        subnets.map((s) => s.cidr).join(' '),
        String(mtu),
        endpoints === null ? '' : String(endpoints),
        notes.filter((note) => note !== '').join('; '),
      ];
    }),
  );
}

export function networkDetails(network: NetworkJson): string {
  if (network.phase === 'refused') {
    return details([
      ['name', network.name],
      ['state', 'refused'],
      ['why', network.why],
    ]);
  }
  const declared = network.declaredMtu === undefined ? 'from the nodes' : 'declared';
  return details([
    ['name', network.name],
    ['id', network.id],
    ['state', stateText(network)],
    ['driver', network.driver],
    ['VNI', String(network.vni)],
    ['subnets', network.subnets.map(subnetLine)],
    ['MTU', `${network.mtu} (${declared})`],
    ['internal', network.internal ? 'yes' : 'no'],
    ['may overlap', network.allowOverlap ? 'yes' : 'no'],
    ['labels', Object.entries(network.labels).map(([key, value]) => `${key}=${value}`)],
    [
      'endpoints',
      network.endpoints === null
        ? '- (this node cannot tell now)'
        : endpointLines(network.endpoints, network),
    ],
    ['nodes', (network.nodes ?? []).map(nodeLine)],
    ['everywhere', network.waited === undefined ? undefined : waitedText(network.waited)],
    ['created', `${network.createdAt} by ${network.creator}`],
    ['changed', network.changed === undefined ? undefined : `${network.changed.at} by ${network.changed.by}`],
    ['edit refused', network.refusedEdit?.why],
  ]);
}

/** How many, and who: `web on h2: 10.7.0.2/24, eth0 in /run/netns/c1, since 2026-...`. */
function endpointLines(
  count: number,
  { name: network, attached = [] }: AcceptedNetworkJson,
): readonly string[] {
  const lines = attached.slice(0, shownEndpoints).map((endpoint) => {
    const { name, node, addresses, sandbox, interfaceName, state, createdAt } = endpoint;
    const place = `${interfaceName} in ${sandbox}${state === 'conflict' ? ', in conflict' : ''}`;
    const since = createdAt === undefined ? '' : `, since ${createdAt}`;
    return `${name ?? '-'} on ${node}: ${addresses.join(' ')}, ${place}${since}`;
  });
  const more = count - lines.length;
  if (lines.length === 0) return [String(count)];
  return [
    String(count),
    ...lines,
    ...(more > 0 ? [`and ${more} more: weft endpoint ls --network ${network}`] : []),
  ];
}

/** `h2: awaited (no answer to h1 yet), 3 endpoints`. */
function nodeLine({ node, self, alive, endpoints, state, why }: Readiness[number]): string {
  const place = `${node}${self ? ' (this one)' : ''}${alive ? '' : ' (down)'}`;
  const reason = why === undefined ? '' : ` (${why})`;
  return `${place}: ${state}${reason}, ${endpoints} ${endpoints === 1 ? 'endpoint' : 'endpoints'}`;
}

const stateOf = ({ phase, declared }: AcceptedNetworkJson): string =>
  phase === 'active' && !declared ? 'undeclared' : phase;

function stateText(network: AcceptedNetworkJson): string {
  const state = stateOf(network);
  if (state === 'undeclared') return `${state}: its declaration was deleted; it goes with its last endpoint`;
  return [state, waitText(network.waitsFor)].filter((part) => part !== '').join(', ');
}

/** `waits for 2 endpoints of h3 (down), 1 of h2`; empty when there is nothing to wait for. */
export function waitText(waitsFor: WaitsFor = []): string {
  const parts = waitsFor.map(({ node, alive, endpoints }, i) => {
    const what = i > 0 ? '' : endpoints === 1 ? ' endpoint' : ' endpoints';
    return `${endpoints}${what} of ${node}${alive ? '' : ' (down)'}`;
  });
  return parts.length === 0 ? '' : `waits for ${parts.join(', ')}`;
}

function subnetLine({ cidr, gateway, range, auxiliary }: SubnetJson): string {
  const kept = Object.entries(auxiliary).map(([name, ip]) => `, ${name} ${ip}`);
  return `${cidr}, gateway ${gateway}${range === undefined ? '' : `, range ${range}`}${kept.join('')}`;
}
