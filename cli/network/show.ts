import type {
  AcceptedNetworkJson,
  NetworkJson,
  Readiness,
  SubnetJson,
  WaitsFor,
} from '../../api/schemas/network.ts';
import { details, table } from '../output/table.ts';
import { waitedText } from '../waiting.ts';

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
      network.endpoints === null ? '- (this node does not follow it)' : String(network.endpoints),
    ],
    ['nodes', (network.nodes ?? []).map(nodeLine)],
    ['everywhere', network.waited === undefined ? undefined : waitedText(network.waited)],
    ['created', `${network.createdAt} by ${network.creator}`],
    ['edit refused', network.refusedEdit?.why],
  ]);
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
