import type { Ip } from '../../../model/ip.ts';
import { bridgeData, bridgePort, forwarding, vxlanData } from './constants.ts';
import type { Attributes } from './reader.ts';
import type { BodyWriter } from './writer.ts';

/** A setting of a device or of a bridge's port that the objects have no word for: it has the one value that we make it with. */
export interface DeviceOption {
  /** As iproute2 has it. */
  readonly name: string;
  readonly attribute: number;
  /** Of its value; 0: it is there or it is not. */
  readonly bytes: 0 | 1 | 2 | 4 | 16;
  readonly wanted: number;
  /** How the kernel comes from another value to ours. */
  readonly how: 'in place' | 'replace';
  /** What another value would do. */
  readonly why: string;
}

const plain = (
  name: string,
  attribute: number,
  bytes: DeviceOption['bytes'],
  how: DeviceOption['how'],
  why: string,
  wanted = 0,
): DeviceOption => ({ name, attribute, bytes, wanted, how, why });

export const bridgeOptions: readonly DeviceOption[] = [
  plain(
    'mcast_snooping',
    bridgeData.mcastSnooping,
    1,
    'in place',
    'Multicast would go where nobody was heard.',
  ),
  plain('stp_state', bridgeData.stpState, 4, 'in place', 'Ports would be blocked for half a minute.'),
  plain('vlan_filtering', bridgeData.vlanFiltering, 1, 'in place', 'Tagged frames would be dropped.'),
  plain(
    'group_fwd_mask',
    bridgeData.groupFwdMask,
    2,
    'in place',
    'Frames meant for one link would be passed on.',
  ),
  plain('nf_call_iptables', bridgeData.nfCallIptables, 1, 'in place', 'Frames would walk through filters.'),
  plain('nf_call_ip6tables', bridgeData.nfCallIp6tables, 1, 'in place', 'Frames would walk through filters.'),
  plain('nf_call_arptables', bridgeData.nfCallArptables, 1, 'in place', 'Frames would walk through filters.'),
];

export const vxlanOptions: readonly DeviceOption[] = [
  plain('remote', vxlanData.group, 4, 'in place', 'Frames to unknown MACs would be sent there.'),
  plain('remote', vxlanData.group6, 16, 'in place', 'Frames to unknown MACs would be sent there.'),
  plain('dev', vxlanData.link, 4, 'replace', 'The tunnel would be bound to one interface.'),
  plain('ttl', vxlanData.ttl, 1, 'in place', 'Outer packets would end too early, or live too long.'),
  plain('tos', vxlanData.tos, 1, 'in place', 'Outer packets would have another class.'),
  plain('df', vxlanData.df, 1, 'in place', 'Outer packets would not be fragmented where they may be.'),
  plain('flowlabel', vxlanData.label, 4, 'in place', 'Outer IPv6 packets would all be one flow.'),
  plain('learning', vxlanData.learning, 1, 'in place', 'Where a MAC is would be learned from frames.'),
  plain('ageing', vxlanData.ageing, 4, 'in place', 'It is the time for what was learned.', 300),
  plain('proxy', vxlanData.proxy, 1, 'replace', 'Nobody would answer for those on other nodes.', 1),
  plain('rsc', vxlanData.rsc, 1, 'replace', 'Frames to the router would be routed by the device.'),
  plain('l2miss', vxlanData.l2miss, 1, 'replace', 'The kernel would ask about unknown MACs.'),
  plain('l3miss', vxlanData.l3miss, 1, 'replace', 'The kernel would ask about unknown addresses.'),
  plain('maxaddress', vxlanData.limit, 4, 'replace', 'Entries beyond it would be refused.'),
  plain('srcport', vxlanData.portRange, 4, 'replace', 'Flows would share source ports.'),
  plain('udpcsum', vxlanData.udpCsum, 1, 'replace', 'Outer IPv4 packets would have no checksum.', 1),
  plain(
    'udp6zerocsumtx',
    vxlanData.udpZeroCsum6Tx,
    1,
    'replace',
    'Outer IPv6 packets would have no checksum.',
  ),
  plain('udp6zerocsumrx', vxlanData.udpZeroCsum6Rx, 1, 'replace', 'Those without one would be taken.'),
  plain('remcsumtx', vxlanData.remcsumTx, 1, 'replace', 'Another format: others would not understand.'),
  plain('remcsumrx', vxlanData.remcsumRx, 1, 'replace', 'Another format: others are not understood.'),
  plain('gbp', vxlanData.gbp, 0, 'replace', 'Another format: others would not understand.'),
  plain('gpe', vxlanData.gpe, 0, 'replace', 'Another format: others would not understand.'),
  plain('external', vxlanData.external, 1, 'replace', 'VNI and receiver would be those of a route.'),
];

const portState = plain('state', bridgePort.state, 1, 'in place', 'Nothing would get through.', forwarding);

export const portOptions: readonly DeviceOption[] = [
  portState,
  plain('hairpin', bridgePort.mode, 1, 'in place', 'Frames would come back to who sent them.'),
  plain('guard', bridgePort.guard, 1, 'in place', 'A frame of a spanning tree would close the port.'),
  plain('root_block', bridgePort.protect, 1, 'in place', 'The port would be left out of a spanning tree.'),
  plain('fastleave', bridgePort.fastLeave, 1, 'in place', 'It belongs to multicast snooping.'),
  plain('proxy_arp', bridgePort.proxyArp, 1, 'in place', 'The bridge would answer for others.'),
  plain('proxy_arp_wifi', bridgePort.proxyArpWifi, 1, 'in place', 'The bridge would answer for others.'),
  plain('mcast_flood', bridgePort.mcastFlood, 1, 'in place', 'Neighbour discovery would not get through.', 1),
  plain('mcast_to_unicast', bridgePort.mcastToUnicast, 1, 'in place', 'It belongs to multicast snooping.'),
  plain('bcast_flood', bridgePort.bcastFlood, 1, 'in place', 'ARP would not get through.', 1),
  plain('vlan_tunnel', bridgePort.vlanTunnel, 1, 'in place', 'VLANs would be mapped to tunnels.'),
  plain('neigh_suppress', bridgePort.neighSuppress, 1, 'in place', 'ARP would not get through.'),
  plain('isolated', bridgePort.isolated, 1, 'in place', 'Isolated ports do not reach each other.'),
  plain('locked', bridgePort.locked, 1, 'in place', 'Frames of unknown senders would be dropped.'),
];

/** The same of a port that is down or has no carrier: there it is the bridge that closes it. */
export const closedPortOptions = portOptions.filter((option) => option !== portState);

/**
 * The options that are not as we make them. Those that this kernel does not show are as they should be: some builds do not have
 * them, and refuse even the value that they would have.
 */
export function oddOptions(options: readonly DeviceOption[], data: Attributes): readonly DeviceOption[] {
  const odd = options.filter(({ attribute, wanted }) => {
    const value = data.get(attribute);
    return value !== undefined && valueOf(value) !== wanted;
  });
  return odd.length === 0 ? none : odd;
}

const none: readonly DeviceOption[] = [];

/** Writes the wanted value of each of these options that can be changed in place, into the data that is being written. */
export function writeOptions(w: BodyWriter, options: readonly DeviceOption[]): void {
  for (const { attribute, bytes, wanted, how } of options) {
    if (how !== 'in place') continue;
    if (bytes === 16) w.attributeIp(attribute, '::' as Ip);
    else if (bytes === 4) w.attribute32(attribute, wanted);
    else if (bytes === 2) w.attribute16(attribute, wanted);
    else w.attribute8(attribute, wanted);
  }
}

/** One that is only there or not has no bytes. */
function valueOf(bytes: Uint8Array): number {
  return bytes.length === 0 ? 1 : bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}
