import type { Mac } from '../../model/mac.ts';
import type { Notice } from '../notice.ts';
import type { LinuxObject } from '../objects/object.ts';
import { isSandbox, type NetworkScope, type SandboxScope } from '../objects/scope.ts';
import { readAddress } from './codec/address.ts';
import { af, nud, rtm, rtn, rtTableMain } from './codec/constants.ts';
import { readBridgePort, readLink } from './codec/link-row.ts';
import { readAnyNeighbour, readFdb } from './codec/neighbour.ts';
import { readNetconf } from './codec/netconf.ts';
import { readU8 } from './codec/reader.ts';
import { readRoute, type RouteRow } from './codec/route.ts';
import type { NetlinkMessage } from './message.ts';
import {
  addressObjects,
  fdbObject,
  linkObjects,
  neighbourObject,
  routeObjects,
  type LinkNames,
} from './observe-objects.ts';

/**
 * Turns the messages of one namespace into notices, in their order. Messages name interfaces by index: `nameOf` asks the kernel
 * for one that was not heard of yet.
 */
export class NoticeReader {
  readonly scope: NetworkScope | SandboxScope;
  readonly #names = new Map<number, string>();
  readonly #ask: (index: number) => string | undefined;

  constructor(scope: NetworkScope | SandboxScope, nameOf: (index: number) => string | undefined) {
    this.scope = scope;
    this.#ask = nameOf;
  }

  read({ type, body }: NetlinkMessage): readonly Notice[] {
    switch (type) {
      case rtm.newLink:
      case rtm.delLink:
        return this.#link(body, type === rtm.newLink);
      case rtm.newNeighbour:
      case rtm.delNeighbour:
        return this.#entry(body, type === rtm.newNeighbour);
      case rtm.newAddress:
      case rtm.delAddress: {
        const row = readAddress(body);
        if (row === undefined) return [];
        return about(type === rtm.newAddress, addressObjects(this.scope, [row], this.#devices));
      }
      case rtm.newRoute:
      case rtm.delRoute: {
        const row = readRoute(body);
        if (row === undefined) return [];
        const routes = routeObjects(this.scope, [row], this.#devices);
        if (type === rtm.newRoute && routes.length === 0) return this.#otherRoute(row);
        return about(type === rtm.newRoute, routes);
      }
      case rtm.newNetconf:
        return this.#settings(body);
      default:
        return [];
    }
  }

  /** A route of somebody else: in a sandbox it may have taken the place of ours, of which there is no other notice. */
  #otherRoute({ prefix, metric, table, type }: RouteRow): readonly Notice[] {
    const { scope } = this;
    if (!isSandbox(scope) || table !== rtTableMain || type !== rtn.unicast) return [];
    return about(false, [{ kind: 'route', scope, dev: '', prefix, metric }]);
  }

  /** Interfaces other than `lo`. */
  readonly #devices: LinkNames = { get: (index) => notLoopback(this.nameOf(index)) };

  /** The interface with this index. */
  readonly nameOf = (index: number): string | undefined => {
    const known = this.#names.get(index) ?? this.#ask(index);
    if (known !== undefined) this.#names.set(index, known);
    return known;
  };

  #link(body: Uint8Array, isThere: boolean): readonly Notice[] {
    const { scope } = this;
    if (readU8(body) === af.bridge) {
      if (isSandbox(scope)) return [];
      const { name, flags } = readBridgePort(body);
      const { learning, flood, odd } = flags;
      const now = { learning, flood, odd: odd.length > 0 };
      return [{ kind: 'port', scope, name, flags: isThere ? now : undefined }];
    }
    if (readU8(body) !== af.unspec) return [];
    const row = readLink(body);
    const { index, name, up, mac, mtu, loopback, alias } = row;
    const before = this.#names.get(index);
    if (isThere) this.#names.set(index, name);
    else this.#names.delete(index);
    if (isSandbox(scope)) {
      const gone = { kind: 'interface', scope, state: undefined } as const;
      const renamed: Notice[] = before === undefined || before === name ? [] : [{ ...gone, name: before }];
      return [
        ...renamed,
        isThere ? { kind: 'interface', scope, name, state: { mac, mtu, up } } : { ...gone, name },
      ];
    }
    if (loopback) return isThere ? [{ kind: 'holds', object: { kind: 'netns', scope, mark: alias } }] : [];
    const objects = linkObjects(scope, [row], undefined, { get: (at) => this.nameOf(at) });
    const old = before === undefined || before === name ? [] : linkObjects(scope, [{ ...row, name: before }]);
    return [...about(false, old), ...about(isThere, objects)];
  }

  #entry(body: Uint8Array, isThere: boolean): readonly Notice[] {
    const { scope } = this;
    if (isSandbox(scope)) return [];
    if (readU8(body) === af.bridge) {
      const row = readFdb(body);
      if (row === undefined) return [];
      // A port's entry that is not static is not as we make them.
      const isOurs = row.dst !== undefined || row.where === 'own' || row.state === nud.noarp;
      const object = fdbObject(scope, { ...row, state: nud.noarp }, this.#devices);
      return about(isThere && isOurs, object === undefined ? [] : [object]);
    }
    const row = readAnyNeighbour(body);
    if (row === undefined) return [];
    const { mac = noMac } = row;
    const object = neighbourObject(scope, { ...row, mac, state: nud.permanent }, this.#devices);
    // One that is not permanent is not as we make them.
    return about(isThere && (row.state & nud.permanent) !== 0, object === undefined ? [] : [object]);
  }

  #settings(body: Uint8Array): readonly Notice[] {
    const { scope } = this;
    if (isSandbox(scope)) return [];
    const { dev, settings } = readNetconf(body);
    if (settings.length === 0) return [];
    const name = dev === undefined ? 'all' : this.nameOf(dev);
    if (name === undefined) return [];
    return settings.map(({ key, value }) => ({
      kind: 'holds',
      object: { kind: 'sysctl', scope, key: key(name), value, optional: false },
    }));
  }
}

function about(isThere: boolean, objects: readonly LinuxObject[]): readonly Notice[] {
  return objects.map((object) => ({ kind: isThere ? 'holds' : 'lost', object }));
}

const notLoopback = (name: string | undefined): string | undefined => (name === 'lo' ? undefined : name);

/** Of an entry that is being removed. */
const noMac = '00:00:00:00:00:00' as Mac;
