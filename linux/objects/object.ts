import type { FdbEntry, NeighbourEntry, PortFdbEntry } from './forwarding.ts';
import type { Address, Sysctl } from './ip-config.ts';
import type { Bridge, Veth, Vxlan } from './link.ts';
import type { Namespace } from './namespace.ts';
import type { Route } from './route.ts';

/** Everything that Weft can want in a kernel. Each kind has one file that says all about it. */
export type LinuxObject =
  Namespace | Bridge | Vxlan | Veth | FdbEntry | PortFdbEntry | NeighbourEntry | Address | Route | Sysctl;

/** What a kernel can hold only once: two objects with one key exclude each other. */
export type ObjectKey = string;

export function keyOf(o: LinuxObject): ObjectKey {
  switch (o.kind) {
    case 'netns':
      return `${o.scope} netns`;
    case 'bridge':
    case 'vxlan':
    case 'veth':
      return `${o.scope} link ${o.name}`;
    case 'fdb':
    case 'port-fdb':
      return `${o.scope} ${o.kind} ${o.dev} ${o.mac}`;
    case 'neighbour':
      return `${o.scope} neighbour ${o.dev} ${o.ip}`;
    case 'address':
      return `${o.scope} address ${o.dev} ${o.ip}`;
    case 'route':
      return `${o.scope} route ${o.prefix} ${o.metric}`;
    case 'sysctl':
      return `${o.scope} sysctl ${o.key}`;
  }
}
