import { familyOf, writeIp } from '../model/ip.ts';
import { writeMac } from '../model/mac.ts';
import type { Announcement } from './kernel.ts';

/** The Ethernet frame that tells everybody on the link who has the address: for IPv4 by ARP, for IPv6 by neighbour discovery. */
export function announcementFrame(announcement: Announcement): Uint8Array {
  return familyOf(announcement.ip) === 4
    ? gratuitousArp(announcement)
    : unsolicitedAdvertisement(announcement);
}

const ethernetBytes = 14;

/**
 * ARP (RFC 826) reply to all, sender and target alike (RFC 5227 section 3 allows either operation). A request would be taken up
 * by the tunnel device, which answers for the entries it has. Whoever is asking for the address, or knows it, takes the MAC.
 */
function gratuitousArp({ ip, mac }: Announcement): Uint8Array {
  const frame = new Uint8Array(ethernetBytes + 28);
  frame.fill(0xff, 0, 6);
  writeMac(mac, frame, 6);
  // Type ARP; Ethernet (1), IPv4 (0x0800), their lengths, reply (2).
  frame.set([0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 2], 12);
  for (const at of [22, 32]) {
    writeMac(mac, frame, at);
    writeIp(ip, frame, at + 6);
  }
  return frame;
}

const ip6Bytes = 40;
const advertisementBytes = 32;
const allNodes = [0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

/** Neighbour advertisement (RFC 4861 section 4.4) to all nodes with the override flag: take this MAC, whatever you knew. */
function unsolicitedAdvertisement({ ip, mac }: Announcement): Uint8Array {
  const frame = new Uint8Array(ethernetBytes + ip6Bytes + advertisementBytes);
  frame.set([0x33, 0x33, 0, 0, 0, 1]);
  writeMac(mac, frame, 6);
  // Type IPv6; version 6; payload length, next header ICMPv6 (58), hop limit 255.
  frame.set([0x86, 0xdd, 0x60, 0, 0, 0, 0, advertisementBytes, 58, 255], 12);
  writeIp(ip, frame, 22);
  frame.set(allNodes, 38);
  const icmp = ethernetBytes + ip6Bytes;
  // Type 136, code 0, checksum, override flag.
  frame.set([136, 0, 0, 0, 0x20, 0, 0, 0], icmp);
  writeIp(ip, frame, icmp + 8);
  // Option 2, target link-layer address, in units of 8 bytes.
  frame.set([2, 1], icmp + 24);
  writeMac(mac, frame, icmp + 26);
  const sum = checksum(frame);
  frame[icmp + 2] = sum >> 8;
  frame[icmp + 3] = sum & 255;
  return frame;
}

/** RFC 4443 section 2.3: over the addresses, the length, the next header and the message. */
function checksum(frame: Uint8Array): number {
  let sum = advertisementBytes + 58;
  for (let at = 22; at < frame.length; at += 2) sum += ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}
