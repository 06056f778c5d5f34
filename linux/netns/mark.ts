import { readAttributes, readText } from '../netlink/codec/reader.ts';
import type { NetlinkMessage, NetlinkRequest } from '../netlink/message.ts';

// rtnetlink(7): struct ifinfomsg has 16 bytes: family, pad, type (2), index (4), flags (4), change mask (4).
const RTM_GETLINK = 18;
const RTM_SETLINK = 19;
const IFLA_IFALIAS = 20;
const IFF_UP = 1;
const ifinfoBytes = 16;
/** `lo` is the first interface of every namespace. */
const loopback = 1;

/** `ip link set lo alias MARK up` */
export function markRequest(mark: string): NetlinkRequest {
  const text = Buffer.from(mark, 'utf8');
  const body = Buffer.alloc(ifinfoBytes + 4 + text.length);
  body.writeInt32LE(loopback, 4);
  body.writeUInt32LE(IFF_UP, 8);
  body.writeUInt32LE(IFF_UP, 12);
  body.writeUInt16LE(4 + text.length, ifinfoBytes);
  body.writeUInt16LE(IFLA_IFALIAS, ifinfoBytes + 2);
  text.copy(body, ifinfoBytes + 4);
  return { type: RTM_SETLINK, flags: 0, body };
}

/** `ip link show lo` */
export const readLoopback: NetlinkRequest = {
  type: RTM_GETLINK,
  flags: 0,
  body: Buffer.from('00000000010000000000000000000000', 'hex'),
};

/** The alias in the answer to `readLoopback`. */
export function markIn(messages: readonly NetlinkMessage[]): string | undefined {
  const body = messages[0]?.body;
  if (body === undefined) return undefined;
  const alias = readText(readAttributes(body, ifinfoBytes).get(IFLA_IFALIAS));
  return alias === '' ? undefined : alias;
}
