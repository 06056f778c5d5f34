import type { Ip } from '../model/ip.ts';
import type { Mac } from '../model/mac.ts';
import type { LinuxObject } from '../linux/objects/object.ts';
import type { ObjectSet } from '../linux/objects/object-set.ts';
import type { NetworkScope } from '../linux/objects/scope.ts';
import { tunnelName } from './names.ts';

/** An address and who has it now. */
export interface Holding {
  readonly ip: Ip;
  readonly mac: Mac;
}

/**
 * What to announce on the bridge of each network after these objects were made or changed: the addresses of remote endpoints
 * by their new neighbour entries, those of local ones by their new ports, so that whoever was asking for them, or knew
 * another holder, learns it at once. `desired` knows the ports.
 */
export function announcements(
  written: Iterable<LinuxObject>,
  desired: Pick<ObjectSet, 'portOf'>,
): Map<NetworkScope, Holding[]> {
  const found = new Map<NetworkScope, Holding[]>();
  const add = (scope: NetworkScope, holding: Holding): void => {
    const list = found.get(scope);
    if (list === undefined) found.set(scope, [holding]);
    else list.push(holding);
  };
  for (const o of written) {
    if (o.kind === 'neighbour' && o.dev === tunnelName) add(o.scope, { ip: o.ip, mac: o.mac });
    if (o.kind !== 'address') continue;
    const port = desired.portOf(o);
    if (port !== undefined) add(port.scope, { ip: o.ip, mac: port.peer.mac });
  }
  return found;
}
