import { visitRtnetlink } from '../netns/netns.ts';
import type { Bridge, Veth, Vxlan } from '../objects/link.ts';
import { sameObject } from '../plan/change-table.ts';
import type { Step } from '../plan/step.ts';
import { noDevice } from './apply-entries.ts';
import { noNamespace } from './apply-namespace.ts';
import { outcomeOf, type Outcome } from './apply-outcome.ts';
import {
  createBridge,
  createVeth,
  createVxlan,
  deleteLink,
  setBridge,
  setLink,
  setPort,
  setVxlan,
} from './codec/link.ts';
import type { DeviceOption } from './codec/device-options.ts';
import type { LinkRow } from './codec/link-row.ts';
import { BodyWriter } from './codec/writer.ts';
import { interfaceIndexes } from './interface-index.ts';
import type { NetlinkRefusal, NetlinkRequest, Rtnetlink } from './message.ts';
import { nameObstacle, emptyLingering } from './in-the-way.ts';
import { withFd, type Namespaces, type OwnNamespace } from './namespaces.ts';
import { observe, readLinks } from './observe.ts';

type Link = Bridge | Vxlan | Veth;
export type LinkStep = Step & { readonly object: Link };

/** `ip link add|set|del`: a link is made as wished or not at all. */
export async function applyLink(namespaces: Namespaces, step: LinkStep): Promise<Outcome> {
  const namespace = await namespaces.own(step.object.scope);
  if (namespace === undefined) return outcomeOf(step, noNamespace(namespaces, step.object.scope));
  const on = new LinkWriter(namespaces, namespace);
  switch (step.op) {
    case 'create':
      return outcomeOf(step, await create(namespaces, namespace, on, step.object));
    case 'change':
      return outcomeOf(step, await on.change(step.object, step.from as Link));
    case 'delete':
      return outcomeOf(step, await on.remove(step.object));
  }
}

/** What is there as wished is a success; what of ours has lived on is removed; anything else is named. */
async function create(
  namespaces: Namespaces,
  namespace: OwnNamespace,
  on: LinkWriter,
  wish: Link,
): Promise<Refusal> {
  const refusal = await on.create(wish);
  if (refusal?.errno !== 'EEXIST') return refusal;
  if (await isThere(namespaces, wish)) return undefined;
  if (wish.kind === 'bridge') return refusal;
  if (await emptyLingering(namespace, wish)) return on.create(wish);
  return nameObstacle(namespaces, namespace, wish, refusal);
}

/** What exists is compared with the wish. */
async function isThere(namespaces: Namespaces, wish: Link): Promise<boolean> {
  const sandboxes = wish.kind === 'veth' ? [wish.peer.scope] : [];
  const found = (await observe(namespaces, wish.scope, sandboxes)).objects.get(wish);
  return found !== undefined && sameObject(found, wish);
}

type Refusal = NetlinkRefusal | undefined;

class LinkWriter {
  readonly #namespaces: Namespaces;
  readonly #namespace: OwnNamespace;
  readonly #writer = new BodyWriter();

  constructor(namespaces: Namespaces, namespace: OwnNamespace) {
    this.#namespaces = namespaces;
    this.#namespace = namespace;
  }

  async create(o: Link): Promise<Refusal> {
    const born = await this.#bear(o);
    if (born !== undefined) return born;
    const refusal = await this.#open(o);
    if (refusal !== undefined) await this.remove(o);
    return refusal;
  }

  async change(o: Link, from: Link): Promise<Refusal> {
    switch (o.kind) {
      case 'bridge':
        return this.#changeBridge(o, from as Bridge);
      case 'vxlan':
        return this.#changeVxlan(o, from as Vxlan);
      case 'veth':
        return this.#changeVeth(o, from as Veth);
    }
  }

  remove(o: Link): Promise<Refusal> {
    return this.#inside([deleteLink(this.#writer, o.name)]);
  }

  async #bear(o: Link): Promise<Refusal> {
    const w = this.#writer;
    if (o.kind === 'bridge') return this.#inside([createBridge(w, o)]);
    const bridge = this.#indexOf(o.bridge);
    if (bridge === undefined) return noDevice(o.bridge);
    if (o.kind === 'veth') {
      const path = this.#namespaces.pathOf(o.peer.scope);
      return withFd(path, (sandbox) => this.#inside([createVeth(w, o, sandbox, bridge)]));
    }
    // Through the node's socket, so that the tunnel's UDP socket is there.
    const bear = (netns: number): Promise<Refusal> =>
      sendAll(this.#namespaces.node, [createVxlan(w, o, netns, bridge)]);
    return withFd(this.#namespace.path, bear);
  }

  async #open(o: Link): Promise<Refusal> {
    if (o.kind === 'bridge') return this.#inside([setBridge(this.#writer, o)]);
    if (o.kind === 'vxlan') return this.#port(o, true);
    return (await this.#port(o, o.up)) ?? (o.up ? await this.#peer(o, { up: true }) : undefined);
  }

  async #changeBridge(o: Bridge, from: Bridge): Promise<Refusal> {
    const mac = o.mac === from.mac ? undefined : o.mac;
    const details = (await this.#row(o))?.details;
    return this.#inside([
      setBridge(this.#writer, o, mac, details?.kind === 'bridge' ? details.odd : undefined),
    ]);
  }

  async #changeVxlan(o: Vxlan, from: Vxlan): Promise<Refusal> {
    const w = this.#writer;
    const details = (await this.#row(o))?.details;
    const odd = details?.kind === 'vxlan' ? details.odd : [];
    const requests = [setLink(w, o.name, { mtu: o.mtu, up: true })];
    if (o.local !== from.local || odd.length > 0) requests.unshift(setVxlan(w, o, odd));
    const refusal = await this.#inside(requests);
    return refusal ?? (o.bridge === from.bridge ? undefined : await this.#join(o));
  }

  async #changeVeth(o: Veth, from: Veth): Promise<Refusal> {
    const w = this.#writer;
    const { mac } = o.peer;
    if (mac !== from.peer.mac || o.mtu !== from.mtu) {
      const refusal =
        (await this.#inside([setLink(w, o.name, { mtu: o.mtu })])) ??
        (await this.#peer(o, { mtu: o.mtu, ...(mac === from.peer.mac ? {} : { mac }) }));
      if (refusal !== undefined) return refusal;
    }
    if (o.bridge !== from.bridge) {
      const refusal = await this.#join(o);
      if (refusal !== undefined) return refusal;
    }
    if (o.up === from.up) return undefined;
    return (await this.#inside([setLink(w, o.name, { up: o.up })])) ?? (await this.#peer(o, { up: o.up }));
  }

  /** `ip link set NAME master BRIDGE`, with our flags. */
  async #join(o: Vxlan | Veth): Promise<Refusal> {
    const master = this.#indexOf(o.bridge);
    if (master === undefined) return noDevice(o.bridge);
    const refusal = await this.#inside([setLink(this.#writer, o.name, { master })]);
    return refusal ?? (await this.#port(o, false, (await this.#row(o))?.port?.odd));
  }

  /** Frames for addresses that nobody knows go into the tunnel only, which has nowhere to send them. */
  #port(o: Vxlan | Veth, up: boolean, odd?: readonly DeviceOption[]): Promise<Refusal> {
    return this.#inside([setPort(this.#writer, o.name, { flood: o.kind === 'vxlan' }, up, odd)]);
  }

  /** The link as it is. */
  async #row({ name }: Link): Promise<LinkRow | undefined> {
    return (await readLinks(this.#namespace.rtnetlink)).find((link) => link.name === name);
  }

  #peer(o: Veth, what: Parameters<typeof setLink>[2]): Promise<Refusal> {
    const request = setLink(this.#writer, o.peer.name, what);
    return visitRtnetlink(this.#namespaces.pathOf(o.peer.scope), (rtnetlink) =>
      sendAll(rtnetlink, [request]),
    );
  }

  #inside(requests: readonly NetlinkRequest[]): Promise<Refusal> {
    return sendAll(this.#namespace.rtnetlink, requests);
  }

  #indexOf(name: string): number | undefined {
    return interfaceIndexes(this.#namespace.path, [name]).get(name);
  }
}

/** The first refusal, if any. */
async function sendAll(rtnetlink: Rtnetlink, requests: readonly NetlinkRequest[]): Promise<Refusal> {
  return (await rtnetlink.send(requests)).find((answer) => answer !== undefined);
}
