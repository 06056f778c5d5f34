import { WeftError } from '../model/errors.ts';
import { familyOf } from '../model/ip.ts';
import type { Mac } from '../model/mac.ts';
import { prefixFamily } from '../model/prefix.ts';
import type { Observation, SandboxIdentity } from './kernel.ts';
import type { Address } from './objects/ip-config.ts';
import { broughtBy, placesOf, usesOf } from './objects/kinds.ts';
import type { Veth, Vxlan } from './objects/link.ts';
import { keyOf, type LinuxObject, type ObjectKey } from './objects/object.ts';
import { lossOf } from './objects/loss.ts';
import { ObjectSet } from './objects/object-set.ts';
import { linkPlace } from './objects/place.ts';
import { subnetPlaces } from './objects/route.ts';
import { isSandbox, unknownSandbox, type NetworkScope, type SandboxScope } from './objects/scope.ts';
import { bridgeSettings, namespaceSettings, settingObject, type OwnedSetting } from './objects/settings.ts';
import { difference, sameObject } from './plan/change-table.ts';

/** The kernel's own words, `ERRNO: text`; undefined is success. */
type Answer = string | undefined;

/** The state behind the fake kernel: what a node's namespaces hold, and how the kernel answers one change. */
export class FakeTables {
  readonly #objects = new ObjectSet();
  /** Names taken in sandboxes by objects that are not ours. */
  readonly #foreign = new Set<ObjectKey>();
  /** Cookies of the sandboxes that live. */
  readonly #sandboxes = new Map<SandboxScope, string>();
  readonly #bridgeNetfilter: boolean;
  readonly #bootId: string;
  #cookies = 4096;

  constructor(bridgeNetfilter: boolean, bootId: string) {
    this.#bridgeNetfilter = bridgeNetfilter;
    this.#bootId = bootId;
  }

  all(): readonly LinuxObject[] {
    return [...this.#objects.values()];
  }

  addSandbox(scope: SandboxScope): void {
    this.#cookies += 1;
    this.#sandboxes.set(scope, String(this.#cookies));
  }

  killSandbox(scope: SandboxScope): void {
    this.#sandboxes.delete(scope);
    for (const o of this.all()) if (o.kind === 'veth' && o.peer.scope === scope) this.delete(o);
    for (const key of this.#foreign) if (key.startsWith(`${scope} `)) this.#foreign.delete(key);
  }

  identify(scope: SandboxScope): SandboxIdentity {
    const cookie = this.#sandboxes.get(scope);
    if (cookie === undefined) {
      throw new WeftError('SANDBOX_INVALID', `${scope} is no network namespace`, { details: { scope } });
    }
    const ports = this.all().filter((o) => o.kind === 'veth' && o.peer.scope === scope);
    const places = [...this.#foreign, ...ports.flatMap(placesOf)];
    const prefix = linkPlace(scope, '');
    const names = places.filter((p) => p.startsWith(prefix)).map((p) => p.slice(prefix.length));
    return { bootId: this.#bootId, cookie, interfaces: ['lo', ...names] };
  }

  meddle(o: LinuxObject): void {
    if (isSandbox(o.scope)) this.#foreign.add(keyOf(o));
    else this.#putNew(o);
  }

  observe(scope: NetworkScope, sandboxes: readonly SandboxScope[]): Observation {
    const asked = new Set(sandboxes);
    const seen = this.#objects.ofNetwork(scope).filter((o) => !isSandbox(o.scope) || asked.has(o.scope));
    const objects = new ObjectSet(
      seen.map((o) => (o.kind === 'veth' && !asked.has(o.peer.scope) ? hidePeer(o) : o)),
    );
    return { objects, deadSandboxes: new Set(sandboxes.filter((s) => !this.#sandboxes.has(s))) };
  }

  create(o: LinuxObject): Answer {
    if (o.kind === 'sysctl' && o.optional && !this.#objects.has(o)) return undefined;
    const missing = usesOf(o).find((u) => u.fate !== 'may go' && !this.#isThere(u.place));
    if (missing !== undefined) return `ENODEV: No such device (${missing.place})`;
    const old = this.#objects.get(o);
    if (old !== undefined) return this.#createOver(old, o);
    const obstacle = this.#obstacle(o);
    if (obstacle !== undefined) return obstacle;
    this.#putNew(o);
    if (o.kind === 'netns') this.#addSettings(o.scope, namespaceSettings);
    if (o.kind === 'bridge') this.#addSettings(o.scope, bridgeSettings(o.name));
    return undefined;
  }

  change(o: LinuxObject): Answer {
    const old = this.#objects.get(o);
    if (old === undefined) return 'ENODEV: No such device';
    const how = difference(old, o);
    if (how.kind === 'replace') return `EOPNOTSUPP: Operation not supported (${how.attributes.join(', ')})`;
    if (how.kind === 'in place') this.#drop(lossOf(this.#objects, how.loses).gone);
    if (old.kind === 'veth' && o.kind === 'veth' && old.up && !o.up) this.#linkDown(o);
    this.#putNew(o, old);
    return undefined;
  }

  delete(o: LinuxObject): Answer {
    const old = this.#objects.get(o);
    if (old === undefined || old.kind === 'sysctl') return undefined;
    // One that leads elsewhere by now is another route.
    if (old.kind === 'route' && !sameObject(old, o)) return undefined;
    this.#drop(lossOf(this.#objects, ownPlaces(old)).gone);
    this.#objects.delete(old);
    if (old.kind === 'bridge') this.#releasePorts(old.name, old.scope);
    if (old.kind === 'address') this.#addressGone(old);
    return undefined;
  }

  /** Tables of entries take a new value under the old key; a link or an address does not. */
  #createOver(old: LinuxObject, o: LinuxObject): Answer {
    const how = difference(old, o);
    if (how.kind === 'none') return undefined;
    const replaceable = ['fdb', 'port-fdb', 'neighbour', 'route', 'sysctl'].includes(o.kind);
    if (!replaceable) return 'EEXIST: File exists';
    this.#put(o);
    return undefined;
  }

  /** What stands in the way of a new object although its key is free. */
  #obstacle(o: LinuxObject): Answer {
    if (o.kind === 'vxlan') {
      const twin = this.all().some((other) => other.kind === 'vxlan' && sharesSocket(other, o));
      return twin ? 'EEXIST: A VXLAN device with the specified VNI already exists' : undefined;
    }
    if (o.kind === 'route') return this.#foreign.has(keyOf(o)) ? 'EEXIST: File exists' : undefined;
    if (o.kind !== 'veth') return undefined;
    if (!this.#sandboxes.has(o.peer.scope)) return `ENOENT: No such file or directory (${o.peer.scope})`;
    const place = linkPlace(o.peer.scope, o.peer.name);
    return this.#foreign.has(place) || this.#isThere(place) ? 'EEXIST: File exists' : undefined;
  }

  #isThere(place: string): boolean {
    return this.#objects.providers(place).size > 0;
  }

  #put(o: LinuxObject): void {
    this.#objects.put(o);
  }

  /** With what comes with it. */
  #putNew(o: LinuxObject, old?: LinuxObject): void {
    this.#put(o);
    for (const brought of broughtBy(o, old)) if (!this.#objects.has(brought)) this.#put(brought);
  }

  #drop(objects: Iterable<LinuxObject>): void {
    for (const o of objects) this.#objects.delete(o);
  }

  #addSettings(scope: NetworkScope, settings: readonly OwnedSetting[]): void {
    for (const s of settings) {
      if (s.key.startsWith('net/bridge/') && !this.#bridgeNetfilter) continue;
      const startsOn = /bridge-nf-call|send_redirects|accept_ra/.test(s.key);
      this.#put(settingObject(scope, s, startsOn ? '1' : '0'));
    }
  }

  /** A bridge that goes leaves its ports behind, without the entries that lived in it. */
  #releasePorts(bridge: string, scope: NetworkScope): void {
    for (const o of this.all()) {
      if ((o.kind === 'vxlan' || o.kind === 'veth') && o.scope === scope && o.bridge === bridge) {
        this.change({ ...o, bridge: '' });
      }
    }
  }

  /** The last address of a subnet takes the route to it along, the last IPv4 one of an interface all IPv4 routes. */
  #addressGone(gone: Address): void {
    const unused = subnetPlaces(gone).filter((place) => !this.#isThere(place));
    this.#drop(unused.flatMap((place) => this.#objects.users(place)));
    if (familyOf(gone.ip) !== 4) return;
    const onDevice = this.all().filter(
      (o) => (o.kind === 'address' || o.kind === 'route') && o.scope === gone.scope && o.dev === gone.dev,
    );
    if (onDevice.some((o) => o.kind === 'address' && familyOf(o.ip) === 4)) return;
    this.#drop(onDevice.filter((o) => o.kind === 'route' && prefixFamily(o.prefix) === 4));
  }

  /** An interface that goes down loses its routes and its IPv6 addresses. */
  #linkDown(veth: Veth): void {
    const users = this.#objects.users(linkPlace(veth.peer.scope, veth.peer.name));
    this.#drop(users.filter((o) => o.kind === 'route' || (o.kind === 'address' && familyOf(o.ip) === 6)));
  }
}

function ownPlaces(o: LinuxObject): readonly string[] {
  return o.kind === 'address' ? [] : placesOf(o);
}

function hidePeer(o: LinuxObject): LinuxObject {
  if (o.kind !== 'veth') return o;
  return { ...o, peer: { scope: unknownSandbox, name: '', mac: '00:00:00:00:00:00' as Mac } };
}

function sharesSocket(a: Vxlan, b: Vxlan): boolean {
  return a.vni === b.vni && a.port === b.port && familyOf(a.local) === familyOf(b.local);
}
