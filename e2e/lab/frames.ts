import { ipFromBytes, type Ip } from '../../model/ip.ts';
import { macFromBytes, type Mac } from '../../model/mac.ts';

/** The UDP port of VXLAN (RFC 7348, section 8). */
export const vxlanPort = 4789;

/** An Ethernet frame, taken apart as far as the tests look. */
export interface Frame {
  /** Seconds since 1970, with microseconds; 0 for a frame inside a tunnel. */
  readonly time: number;
  readonly destination: Mac;
  readonly source: Mac;
  readonly etherType: number;
  readonly bytes: number;
  readonly arp?: { readonly operation: 'request' | 'reply'; readonly sender: Ip; readonly target: Ip };
  readonly ip?: IpPacket;
}

export interface IpPacket {
  readonly source: Ip;
  readonly destination: Ip;
  /** 1 ICMP, 6 TCP, 17 UDP, 58 ICMPv6. */
  readonly protocol: number;
  /** Type of an ICMP or ICMPv6 message: 8 and 128 echo request, 135 and 136 neighbour discovery. */
  readonly icmpType?: number;
  readonly udp?: { readonly source: number; readonly destination: number };
  readonly vxlan?: { readonly vni: number; readonly inner: Frame };
}

/** The frames of a pcap file (pcap-savefile(5)) of an Ethernet interface; an unfinished last one is left out. */
export function parsePcap(bytes: Buffer, tunnelPort = vxlanPort): readonly Frame[] {
  const frames: Frame[] = [];
  if (bytes.length < 24) return frames;
  if (bytes.readUInt32LE(0) !== 0xa1b2c3d4)
    throw new Error('not a little-endian pcap file with microseconds');
  if (bytes.readUInt32LE(20) !== 1) throw new Error('not a capture of an Ethernet interface');
  for (let at = 24; at + 16 <= bytes.length;) {
    const captured = bytes.readUInt32LE(at + 8);
    if (at + 16 + captured > bytes.length) break;
    const time = bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) / 1e6;
    const frame = parseFrame(bytes.subarray(at + 16, at + 16 + captured), tunnelPort, time);
    frames.push({ ...frame, bytes: bytes.readUInt32LE(at + 12) });
    at += 16 + captured;
  }
  return frames;
}

export function parseFrame(bytes: Buffer, tunnelPort = vxlanPort, time = 0): Frame {
  const etherType = bytes.readUInt16BE(12);
  const payload = bytes.subarray(14);
  return {
    time,
    destination: macFromBytes(bytes, 0),
    source: macFromBytes(bytes, 6),
    etherType,
    bytes: bytes.length,
    ...(etherType === 0x0806 && payload.length >= 28 ? { arp: parseArp(payload) } : {}),
    ...(etherType === 0x0800 && payload.length >= 20 ? { ip: parseIp4(payload, tunnelPort) } : {}),
    ...(etherType === 0x86dd && payload.length >= 40 ? { ip: parseIp6(payload, tunnelPort) } : {}),
  };
}

function parseArp(bytes: Buffer): NonNullable<Frame['arp']> {
  return {
    operation: bytes.readUInt16BE(6) === 1 ? 'request' : 'reply',
    sender: ipFromBytes(bytes, 4, 14),
    target: ipFromBytes(bytes, 4, 24),
  };
}

function parseIp4(bytes: Buffer, tunnelPort: number): IpPacket {
  const header = (bytes.readUInt8(0) & 15) * 4;
  const protocol = bytes.readUInt8(9);
  const first = (bytes.readUInt16BE(6) & 0x1fff) === 0;
  return {
    source: ipFromBytes(bytes, 4, 12),
    destination: ipFromBytes(bytes, 4, 16),
    protocol,
    ...(first ? parseTransport(protocol, bytes.subarray(header), tunnelPort) : {}),
  };
}

function parseIp6(bytes: Buffer, tunnelPort: number): IpPacket {
  let protocol = bytes.readUInt8(6);
  let at = 40;
  // Hop-by-hop options (RFC 8200, section 4.3) stand before the multicast listener reports.
  if (protocol === 0 && bytes.length >= at + 8) {
    protocol = bytes.readUInt8(at);
    at += (bytes.readUInt8(at + 1) + 1) * 8;
  }
  return {
    source: ipFromBytes(bytes, 6, 8),
    destination: ipFromBytes(bytes, 6, 24),
    protocol,
    ...parseTransport(protocol, bytes.subarray(at), tunnelPort),
  };
}

function parseTransport(
  protocol: number,
  bytes: Buffer,
  tunnelPort: number,
): Pick<IpPacket, 'icmpType' | 'udp' | 'vxlan'> {
  if ((protocol === 1 || protocol === 58) && bytes.length >= 1) return { icmpType: bytes.readUInt8(0) };
  if (protocol !== 17 || bytes.length < 8) return {};
  const udp = { source: bytes.readUInt16BE(0), destination: bytes.readUInt16BE(2) };
  // 8 bytes of UDP, 8 of VXLAN with the VNI in bytes 4 to 6, then a whole frame.
  if (udp.destination !== tunnelPort || bytes.length < 30) return { udp };
  const vni = bytes.readUIntBE(12, 3);
  return { udp, vxlan: { vni, inner: parseFrame(bytes.subarray(16), tunnelPort) } };
}
