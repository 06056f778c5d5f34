/** Numbers of linux/netlink.h, linux/rtnetlink.h and the headers they lead to, as far as this room speaks of them. */

/** nlmsghdr flags. */
export const nlm = {
  request: 0x1,
  ack: 0x4,
  dump: 0x300,
  replace: 0x100,
  excl: 0x200,
  create: 0x400,
} as const;

/** Flags of a request that changes something. */
export const change = nlm.request | nlm.ack;

/** Message types. */
export const rtm = {
  newLink: 16,
  delLink: 17,
  getLink: 18,
  newAddress: 20,
  delAddress: 21,
  getAddress: 22,
  newRoute: 24,
  delRoute: 25,
  getRoute: 26,
  newNeighbour: 28,
  delNeighbour: 29,
  getNeighbour: 30,
  newNetconf: 80,
  newNsid: 88,
  delNsid: 89,
  getNsid: 90,
} as const;

export const af = { unspec: 0, inet: 2, bridge: 7, inet6: 10 } as const;

/** Attributes of a link. */
export const ifla = {
  address: 1,
  ifname: 3,
  mtu: 4,
  link: 5,
  master: 10,
  protinfo: 12,
  operstate: 16,
  linkinfo: 18,
  ifalias: 20,
  netNsFd: 28,
  extMask: 29,
  linkNetnsid: 37,
} as const;

/** Attributes inside IFLA_LINKINFO. */
export const linkInfo = { kind: 1, data: 2, slaveKind: 4, slaveData: 5 } as const;
/** Attributes inside IFLA_INFO_DATA of a bridge. */
export const bridgeData = {
  stpState: 5,
  vlanFiltering: 7,
  groupFwdMask: 9,
  mcastSnooping: 23,
  nfCallIptables: 36,
  nfCallIp6tables: 37,
  nfCallArptables: 38,
} as const;
/** Attributes inside IFLA_INFO_DATA of a vxlan. */
export const vxlanData = {
  id: 1,
  group: 2,
  link: 3,
  local: 4,
  ttl: 5,
  tos: 6,
  learning: 7,
  ageing: 8,
  limit: 9,
  portRange: 10,
  proxy: 11,
  rsc: 12,
  l2miss: 13,
  l3miss: 14,
  port: 15,
  group6: 16,
  local6: 17,
  udpCsum: 18,
  udpZeroCsum6Tx: 19,
  udpZeroCsum6Rx: 20,
  remcsumTx: 21,
  remcsumRx: 22,
  gbp: 23,
  external: 25,
  label: 26,
  gpe: 27,
  df: 29,
} as const;
/** Attribute inside IFLA_INFO_DATA of a veth: the other end, an ifinfomsg and attributes of a link. */
export const vethPeer = 1;
/** Attributes inside IFLA_INFO_SLAVE_DATA of a bridge's port. */
export const bridgePort = {
  state: 1,
  mode: 4,
  guard: 5,
  protect: 6,
  fastLeave: 7,
  learning: 8,
  unicastFlood: 9,
  proxyArp: 10,
  proxyArpWifi: 12,
  mcastFlood: 27,
  mcastToUnicast: 28,
  vlanTunnel: 29,
  bcastFlood: 30,
  neighSuppress: 32,
  isolated: 33,
  locked: 39,
} as const;

/** RFC 2863: of a device that knows nothing of a carrier, and of one that has it. */
export const operState = { unknown: 0, up: 6 } as const;
/** BR_STATE_FORWARDING */
export const forwarding = 3;

export const iff = { up: 0x1, loopback: 0x8 } as const;
/** RTEXT_FILTER_SKIP_STATS: the counters are most of a link's message. */
export const skipStats = 1 << 3;

/** Attributes of an address. */
export const ifa = { address: 1, local: 2, flags: 8, proto: 11 } as const;
export const ifaFlag = { noDad: 0x02, permanent: 0x80 } as const;

/** Attributes of a route. */
export const rta = { dst: 1, oif: 4, gateway: 5, priority: 6, prefSrc: 7, table: 15 } as const;
export const rtTableMain = 254;
export const rtn = { unspec: 0, unicast: 1 } as const;
export const rtScope = { universe: 0, link: 253, nowhere: 255 } as const;
export const rtProt = { kernel: 2, routerAdvertisement: 9 } as const;

/** Attributes of a neighbour or FDB entry. */
export const nda = { dst: 1, lladdr: 2, master: 9 } as const;
/** States of a neighbour entry; a static FDB entry of a bridge port is `noarp`, the bridge's own are `permanent`. */
export const nud = { noarp: 0x40, permanent: 0x80 } as const;
/** Which FDB an entry is in: that of the device itself, or that of the bridge it is a port of. */
export const ntf = { self: 0x02, master: 0x04 } as const;

/** Attributes of a namespace id. */
export const netnsa = { nsid: 1, fd: 3 } as const;

/** Attributes of a notice about settings, and the numbers that stand for no interface. */
export const netconfa = { ifindex: 1, forwarding: 2, rpFilter: 3 } as const;
export const netconfAll = 0xffffffff;
