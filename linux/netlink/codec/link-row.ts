import { ipFromBytes, type Ip } from '../../../model/ip.ts';
import { macFromBytes, type Mac } from '../../../model/mac.ts';
import { bridgePort, iff, ifla, linkInfo, operState, vxlanData } from './constants.ts';
import {
  bridgeOptions,
  closedPortOptions,
  oddOptions,
  portOptions,
  vxlanOptions,
  type DeviceOption,
} from './device-options.ts';
import { readAttributes, readPort, readText, readU32, readU8, type Attributes } from './reader.ts';

/** One link as a dump shows it. */
export interface LinkRow {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  readonly loopback: boolean;
  readonly mac: Mac;
  readonly mtu: number;
  readonly alias: string;
  /** Index of the bridge; 0: the link is nobody's port. */
  readonly master: number;
  /** What kind of link and what is particular to it. */
  readonly details: LinkDetails;
  /** What its bridge does with frames at this port; undefined where it is no port of a bridge. */
  readonly port: PortFlags | undefined;
}

/** What a bridge does with frames at a port. */
export interface PortFlags {
  readonly learning: boolean;
  readonly flood: boolean;
  /** Other options that are not as we make them. */
  readonly odd: readonly DeviceOption[];
}

export type LinkDetails =
  | { readonly kind: 'bridge'; readonly odd: readonly DeviceOption[] }
  | {
      readonly kind: 'vxlan';
      readonly vni: number;
      /** undefined: any. */
      readonly local: Ip | undefined;
      readonly port: number;
      /** Options that are not as we make them. */
      readonly odd: readonly DeviceOption[];
    }
  /** The other end: its index, and the id of its namespace; undefined when it is in the same namespace. */
  | { readonly kind: 'veth'; readonly peer: number; readonly peerNsid: number | undefined }
  | { readonly kind: 'other' };

/** Reads the body of an RTM_NEWLINK message. */
export function readLink(body: Uint8Array): LinkRow {
  const attributes = readAttributes(body, 16);
  const info = readAttributes(attributes.get(ifla.linkinfo) ?? empty);
  const flags = readU32(body, 8);
  const mac = attributes.get(ifla.address);
  return {
    index: readU32(body, 4),
    name: readText(attributes.get(ifla.ifname)),
    up: (flags & iff.up) !== 0,
    loopback: (flags & iff.loopback) !== 0,
    mac: mac?.length === 6 ? macFromBytes(mac) : noMac,
    mtu: readU32(attributes.get(ifla.mtu)),
    alias: readText(attributes.get(ifla.ifalias)),
    master: readU32(attributes.get(ifla.master)),
    details: readDetails(attributes, info),
    port: readPortFlags(info, isOpen(flags, attributes)),
  };
}

const empty = new Uint8Array();
const noMac = '00:00:00:00:00:00' as Mac;

function readDetails(attributes: Attributes, info: Attributes): LinkDetails {
  const data = readAttributes(info.get(linkInfo.data) ?? empty);
  const kind = readText(info.get(linkInfo.kind));
  switch (kind) {
    case 'bridge':
      return { kind, odd: oddOptions(bridgeOptions, data) };
    case 'vxlan':
      return {
        kind,
        vni: readU32(data.get(vxlanData.id)),
        local: readLocal(data),
        port: readPort(data.get(vxlanData.port)),
        odd: oddOptions(vxlanOptions, data),
      };
    case 'veth': {
      const nsid = attributes.get(ifla.linkNetnsid);
      return {
        kind,
        peer: readU32(attributes.get(ifla.link)),
        peerNsid: nsid === undefined ? undefined : readU32(nsid),
      };
    }
    default:
      return { kind: 'other' };
  }
}

function readLocal(data: Attributes): Ip | undefined {
  const [v4, v6] = [data.get(vxlanData.local), data.get(vxlanData.local6)];
  if (v4 !== undefined) return ipFromBytes(v4, 4);
  return v6 === undefined ? undefined : ipFromBytes(v6, 6);
}

function readPortFlags(info: Attributes, open: boolean): LinkRow['port'] {
  if (readText(info.get(linkInfo.slaveKind)) !== 'bridge') return undefined;
  return flagsOf(readAttributes(info.get(linkInfo.slaveData) ?? empty), open);
}

/** Is it up, and has a carrier as far as it knows? The kernel tells the bridge in the same moment in which it changes this. */
function isOpen(flags: number, attributes: Attributes): boolean {
  const state = attributes.get(ifla.operstate);
  if ((flags & iff.up) === 0 || state === undefined) return false;
  return readU8(state) === operState.up || readU8(state) === operState.unknown;
}

function flagsOf(data: Attributes, open: boolean): PortFlags {
  return {
    learning: readU8(data.get(bridgePort.learning)) !== 0,
    flood: readU8(data.get(bridgePort.unicastFlood)) !== 0,
    odd: oddOptions(open ? portOptions : closedPortOptions, data),
  };
}

/** A notice of a bridge about one of its ports: body of a link message of family AF_BRIDGE. */
export interface PortRow {
  readonly name: string;
  readonly flags: PortFlags;
}

export function readBridgePort(body: Uint8Array): PortRow {
  const attributes = readAttributes(body, 16);
  return {
    name: readText(attributes.get(ifla.ifname)),
    flags: flagsOf(
      readAttributes(attributes.get(ifla.protinfo) ?? empty),
      isOpen(readU32(body, 8), attributes),
    ),
  };
}
