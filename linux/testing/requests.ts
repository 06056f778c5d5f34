import type { NetlinkRequest } from '../netlink/message.ts';

// Written out by hand, so that these tests of the socket stand on no codec. linux/rtnetlink.h has the numbers.
const create = 0x400;
const exclusive = 0x200;
const dump = 0x300;

/** `ip link add NAME type bridge` */
export function addBridge(name: string, kind = 'bridge'): NetlinkRequest {
  const info = attribute(18, attribute(1, Buffer.from(kind)));
  const body = Buffer.concat([Buffer.alloc(16), attribute(3, Buffer.from(`${name}\0`)), info]);
  return { type: 16, flags: create | exclusive, body };
}

/** `ip neigh add 10.X.X.X lladdr 02:... dev INDEX nud permanent` */
export function addNeighbour(dev: number, number: number): NetlinkRequest {
  const head = Buffer.alloc(12);
  head.writeUInt8(2);
  head.writeInt32LE(dev, 4);
  head.writeUInt16LE(0x80, 8);
  const [ip, mac] = [Buffer.alloc(4), Buffer.alloc(6)];
  ip.writeUInt32BE(0x0a000001 + number);
  mac.writeUIntBE(0x020000000000 + number, 0, 6);
  return {
    type: 28,
    flags: create | exclusive,
    body: Buffer.concat([head, attribute(1, ip), attribute(2, mac)]),
  };
}

export const dumpLinks: NetlinkRequest = { type: 18, flags: dump, body: new Uint8Array(16) };
/** `ip -4 neigh show`: struct ndmsg with AF_INET. */
export const dumpNeighbours: NetlinkRequest = { type: 30, flags: dump, body: Buffer.alloc(12).fill(2, 0, 1) };
/** `ip link show dev INDEX` */
export function getLink(index: number): NetlinkRequest {
  const body = Buffer.alloc(16);
  body.writeInt32LE(index, 4);
  return { type: 18, flags: 0, body };
}

function attribute(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc((4 + value.length + 3) & ~3);
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, 4);
  return bytes;
}
