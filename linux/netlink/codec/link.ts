import type { Ip } from '../../../model/ip.ts';
import { familyOf } from '../../../model/ip.ts';
import type { Mac } from '../../../model/mac.ts';
import type { Bridge, Veth, Vxlan } from '../../objects/link.ts';
import type { NetlinkRequest } from '../message.ts';
import {
  bridgeData,
  bridgePort,
  change,
  iff,
  ifla,
  linkInfo,
  nlm,
  rtm,
  skipStats,
  vethPeer,
  vxlanData,
} from './constants.ts';
import { writeOptions, type DeviceOption } from './device-options.ts';
import type { BodyWriter } from './writer.ts';

const create = change | nlm.create | nlm.excl;
type Options = readonly DeviceOption[];

/**
 * `ip link add NAME address MAC mtu MTU-1 type bridge mcast_snooping 0`. A bridge keeps its MTU whatever its ports have, but only
 * one that it was given after its birth and that differs from the one it had: `setBridge` must follow.
 */
export function createBridge(w: BodyWriter, o: Bridge): NetlinkRequest {
  return {
    type: rtm.newLink,
    flags: create,
    body: bridge(w, o.name, { mtu: o.mtu - 1, mac: o.mac, flags: 0 }),
  };
}

/**
 * `ip link set NAME [address MAC] mtu MTU up type bridge mcast_snooping 0`, and its `odd` options as they should be. A bridge that is given a MAC, be it the one it has,
 * forgets its neighbours.
 */
export function setBridge(w: BodyWriter, o: Bridge, mac?: Mac, odd: Options = []): NetlinkRequest {
  const body = bridge(w, o.name, { mtu: o.mtu, mac, flags: iff.up }, odd);
  return { type: rtm.newLink, flags: change, body };
}

/**
 * `ip link add NAME netns FD mtu MTU master BRIDGE type vxlan id VNI local IP dstport PORT nolearning proxy`, to be sent in the
 * node's namespace: the device is born inside, its UDP socket stays here. `bridge` is an index inside.
 */
export function createVxlan(w: BodyWriter, o: Vxlan, netns: number, bridge: number): NetlinkRequest {
  const body = link(w, o.name)
    .attribute32(ifla.mtu, o.mtu)
    .attribute32(ifla.netNsFd, netns)
    .attribute32(ifla.master, bridge);
  vxlanInfo(w, () => {
    vxlanLocal(w.attribute32(vxlanData.id, o.vni), o.local)
      .attribute8(vxlanData.learning, 0)
      .attribute8(vxlanData.proxy, 1)
      .attributePort(vxlanData.port, o.port);
  });
  return { type: rtm.newLink, flags: create, body: body.finish() };
}

/** `ip link set NAME type vxlan id VNI local IP`, and its `odd` options as they should be. */
export function setVxlan(w: BodyWriter, o: Vxlan, odd: Options = []): NetlinkRequest {
  const body = link(w, o.name);
  vxlanInfo(w, () => {
    vxlanLocal(w.attribute32(vxlanData.id, o.vni), o.local);
    writeOptions(w, odd);
  });
  return { type: rtm.newLink, flags: change, body: body.finish() };
}

/**
 * `ip link add NAME mtu MTU master BRIDGE type veth peer name PEER address MAC mtu MTU netns FD`. The peer must not be born
 * up: the kernel refuses that before the pair is whole.
 */
export function createVeth(w: BodyWriter, o: Veth, sandbox: number, bridge: number): NetlinkRequest {
  const body = link(w, o.name)
    .attribute32(ifla.mtu, o.mtu)
    .attribute32(ifla.master, bridge)
    .nest(ifla.linkinfo, () => {
      w.attributeText(linkInfo.kind, 'veth').nest(linkInfo.data, () => {
        w.nest(vethPeer, () => {
          head(w, 0, 0)
            .attributeText(ifla.ifname, o.peer.name)
            .attributeMac(ifla.address, o.peer.mac)
            .attribute32(ifla.mtu, o.mtu)
            .attribute32(ifla.netNsFd, sandbox);
        });
      });
    });
  return { type: rtm.newLink, flags: create, body: body.finish() };
}

/** What the bridge does with frames to and from a port. */
export interface PortFlags {
  /** Does it send frames for unknown addresses out of this port? */
  readonly flood: boolean;
}

/**
 * `ip link set NAME [up] type bridge_slave learning off flood on|off`, and its `odd` options as they should be; the link must be a
 * port by now.
 */
export function setPort(
  w: BodyWriter,
  name: string,
  flags: PortFlags,
  up: boolean,
  odd: Options = [],
): NetlinkRequest {
  const body = link(w, name, up ? iff.up : 0).nest(ifla.linkinfo, () => {
    w.attributeText(linkInfo.slaveKind, 'bridge').nest(linkInfo.slaveData, () => {
      w.attribute8(bridgePort.learning, 0).attribute8(bridgePort.unicastFlood, flags.flood ? 1 : 0);
      writeOptions(w, odd);
    });
  });
  return { type: rtm.newLink, flags: change, body: body.finish() };
}

/** What `ip link set` changes in one go. */
export interface LinkChange {
  readonly up?: boolean;
  readonly mac?: Mac;
  readonly mtu?: number;
  readonly alias?: string;
  /** Index of the bridge. */
  readonly master?: number;
}

/** `ip link set NAME [up|down] [address MAC] [mtu MTU] [alias TEXT] [master BRIDGE]` */
export function setLink(w: BodyWriter, name: string, what: LinkChange): NetlinkRequest {
  head(w.begin(), what.up === true ? iff.up : 0, what.up === undefined ? 0 : iff.up);
  w.attributeText(ifla.ifname, name);
  if (what.mac !== undefined) w.attributeMac(ifla.address, what.mac);
  if (what.mtu !== undefined) w.attribute32(ifla.mtu, what.mtu);
  if (what.alias !== undefined) w.attributeText(ifla.ifalias, what.alias);
  if (what.master !== undefined) w.attribute32(ifla.master, what.master);
  return { type: rtm.newLink, flags: change, body: w.finish() };
}

/** `ip link del NAME` */
export function deleteLink(w: BodyWriter, name: string): NetlinkRequest {
  return { type: rtm.delLink, flags: change, body: link(w, name).finish() };
}

/** `ip -details link show`, without counters. */
export function dumpLinks(w: BodyWriter): NetlinkRequest {
  const body = head(w.begin(), 0, 0).attribute32(ifla.extMask, skipStats);
  return { type: rtm.getLink, flags: nlm.request | nlm.dump, body: body.finish() };
}

/** A new body about the link of this name; `flags` are those to set. */
function link(w: BodyWriter, name: string, flags = 0): BodyWriter {
  return head(w.begin(), flags, flags).attributeText(ifla.ifname, name);
}

/** struct ifinfomsg */
function head(w: BodyWriter, flags: number, mask: number): BodyWriter {
  return w.u32(0).u32(0).u32(flags).u32(mask);
}

function bridge(
  w: BodyWriter,
  name: string,
  what: { readonly mtu: number; readonly mac: Mac | undefined; readonly flags: number },
  odd: Options = [],
): Uint8Array {
  link(w, name, what.flags).attribute32(ifla.mtu, what.mtu);
  if (what.mac !== undefined) w.attributeMac(ifla.address, what.mac);
  return w
    .nest(ifla.linkinfo, () => {
      w.attributeText(linkInfo.kind, 'bridge').nest(linkInfo.data, () => {
        const others = odd.filter(({ attribute }) => attribute !== bridgeData.mcastSnooping);
        writeOptions(w.attribute8(bridgeData.mcastSnooping, 0), others);
      });
    })
    .finish();
}

function vxlanInfo(w: BodyWriter, fill: () => void): void {
  w.nest(ifla.linkinfo, () => {
    w.attributeText(linkInfo.kind, 'vxlan').nest(linkInfo.data, fill);
  });
}

function vxlanLocal(w: BodyWriter, local: Ip): BodyWriter {
  return w.attributeIp(familyOf(local) === 4 ? vxlanData.local : vxlanData.local6, local);
}
