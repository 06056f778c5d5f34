import type { NetworkJson, SubnetJson } from '../../api/schemas/network.ts';
import { details, table } from '../output/table.ts';

export function networkTable(networks: readonly NetworkJson[]): string {
  return table(
    ['NAME', 'STATE', 'VNI', 'SUBNETS', 'MTU', 'ENDPOINTS', 'NOTE'],
    networks.map((network) => {
      if (network.phase === 'refused') return [network.name, 'refused', '', '', '', '', network.why];
      const { name, phase, vni, subnets, mtu, endpoints, refusedEdit } = network;
      const note = refusedEdit === undefined ? '' : `edit refused: ${refusedEdit.why}`;
      return [
        name,
        phase,
        String(vni),
        subnets.map((s) => s.cidr).join(' '),
        String(mtu),
        String(endpoints),
        note,
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
    ['state', network.phase],
    ['driver', network.driver],
    ['VNI', String(network.vni)],
    ['subnets', network.subnets.map(subnetLine)],
    ['MTU', `${network.mtu} (${declared})`],
    ['internal', network.internal ? 'yes' : 'no'],
    ['may overlap', network.allowOverlap ? 'yes' : 'no'],
    ['labels', Object.entries(network.labels).map(([key, value]) => `${key}=${value}`)],
    ['endpoints', String(network.endpoints)],
    ['created', `${network.createdAt} by ${network.creator}`],
    ['edit refused', network.refusedEdit?.why],
  ]);
}

function subnetLine({ cidr, gateway, range, auxiliary }: SubnetJson): string {
  const kept = Object.entries(auxiliary).map(([name, ip]) => `, ${name} ${ip}`);
  return `${cidr}, gateway ${gateway}${range === undefined ? '' : `, range ${range}`}${kept.join('')}`;
}
