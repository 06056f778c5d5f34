import { keys, parseKey, prefixes } from '../../../kvstore/keys.ts';
import { decodeEndpoint } from '../../../kvstore/records/endpoint.ts';
import { decodeFence } from '../../../kvstore/records/fence.ts';
import type { FakeStore } from '../../../kvstore/fake-store.ts';
import type { Condition, Op } from '../../../kvstore/store.ts';
import type { Step } from '../../../linux/plan/step.ts';
import type { Clock } from '../../../model/clock.ts';
import type { Mac } from '../../../model/mac.ts';
import type { NetworkId } from '../../../model/network.ts';
import type { NodeId } from '../../../model/node.ts';
import type { Machine } from './machine.ts';

/** Milliseconds for which what a node has seen may be out of date without its fault. */
const leeway = 5000;
/** The same for an operation on an own endpoint, which is carried on for as long as somebody waits for it. */
const ownLeeway = 15_000;

/** What it looks at, and whom it tells. */
export interface Scene {
  readonly clock: Clock;
  readonly store: FakeStore;
  readonly machines: readonly Machine[];
  /** Was another state of the store put in its place? */
  readonly isHarmed: boolean;
  nameOf(id: string): string;
  /** Looks which machines have their tunnels. */
  noteTunnels(): void;
  fail(text: string): void;
}

type Deletion = Extract<Op, { readonly kind: 'delete' }>;

/** Looks over the shoulder of every agent: what each may write and remove at that moment. */
export class Auditor {
  readonly #sea: Scene;
  /** When at least half of the nodes that were not given up were last seen alive. */
  #majorityAt = 0;
  #version = '';
  #hasMajority = true;

  constructor(sea: Scene) {
    this.#sea = sea;
  }

  /** To be called often. */
  look(): void {
    const { version } = this.#sea.store;
    if (version !== this.#version) {
      this.#version = version;
      this.#hasMajority = this.#countMajority();
    }
    if (this.#hasMajority) this.#majorityAt = this.#sea.clock.monotonic();
  }

  #countMajority(): boolean {
    const known = this.#known();
    const living = known.filter((id) => this.#has(keys.alive(id))).length;
    return 2 * living >= known.length;
  }

  /** Of one node's transactions; what it does is judged by what was so when it was sent, and when it is applied. */
  readonly ofStore = (machine: Machine) => (conditions: readonly Condition[], ops: readonly Op[]) => {
    const { view, trust, id: self } = machine.agent;
    const { state } = view;
    const blindFor = state === 'insync' ? 0 : this.#sea.clock.wall() - (view.since ?? 0);
    const held = view.held().length;
    const { kind } = trust.standing;
    const stable = new Set(conditions.flatMap((c) => (c.kind === 'unchanged' ? [c.key] : [])));
    const owners = ops.flatMap((op) => {
      if (op.kind !== 'delete' || !stable.has(op.key)) return [];
      const owner = this.#ownerOf(op);
      return owner === undefined ? [] : [{ key: op.key, owner }];
    });
    const graces = ops.flatMap((op) => (op.kind === 'put' ? this.#graceOf(op, self) : []));
    return (): void => {
      if (owners.length === 0 && graces.length === 0) return;
      const who = `${machine.name} (view ${state}, store ${kind}, ${held} keys held)`;
      for (const { key, owner } of owners) {
        if (blindFor > (owner === self ? ownLeeway : leeway))
          this.#sea.fail(`${who} deletes ${key} although its view has been ${state} for ${blindFor} ms`);
        if (owner === self) continue;
        if (held > 0 && !this.#isForgotten(owner))
          this.#sea.fail(`${who} collects ${key} although it holds keys`);
        if (this.#has(keys.alive(owner)))
          this.#sea.fail(`${who} deletes ${key} of ${this.#sea.nameOf(owner)}, which is alive`);
      }
      for (const node of graces) this.#judgeFence(node, who);
    };
  };

  /** Of one node's steps in its kernel. */
  readonly ofKernel = (machine: Machine, steps: readonly Step[]): void => {
    const { view, trust } = machine.agent;
    if (view.state === 'insync' || this.#sea.clock.wall() - (view.since ?? 0) < leeway) return;
    if (trust.standing.kind === 'lost') return;
    const ending = new Set(
      steps.flatMap((s) => (s.op === 'delete' && s.object.kind === 'netns' ? [s.object.scope] : [])),
    );
    for (const { op, object } of steps) {
      if (op !== 'delete' || (object.kind !== 'fdb' && object.kind !== 'neighbour')) continue;
      // The network's own news may still come in while others do not.
      const network = object.scope.slice('network:'.length) as NetworkId;
      if (view.endpoints(network)?.state === 'insync') continue;
      // What is detached here, or dies here, goes at once.
      if (this.#isLocal(machine, network, object.mac)) continue;
      // The news may have come just before contact was lost again.
      if (!this.#sea.isHarmed && this.#isGone(network, object.mac)) continue;
      if (!ending.has(object.scope) && !steps.some((s) => s.op === 'create' && s.object.kind === object.kind))
        this.#sea.fail(
          `${machine.name} removes ${JSON.stringify(object)} although its view is ${view.state}`,
        );
    }
  };

  #isGone(network: NetworkId, mac: Mac): boolean {
    const { entries } = this.#sea.store.peek(prefixes.endpoints(network));
    return !entries.some(({ key, value }) => decodeEndpoint(key, value).mac === mac);
  }

  #isLocal({ agent }: Machine, network: NetworkId, mac: Mac): boolean {
    const all = [...(agent.view.endpoints(network)?.records.values() ?? [])];
    return all.some(({ value }) => value.node === agent.id && value.mac === mac);
  }

  /** A fence by which a node is given up needs a majority, and a node whose tunnels are gone. */
  #judgeFence(node: NodeId, who: string): void {
    this.look();
    this.#sea.noteTunnels();
    const now = this.#sea.clock.monotonic();
    const name = this.#sea.nameOf(node);
    if (now - this.#majorityAt > leeway)
      this.#sea.fail(
        `${who} gives up ${name} although fewer than half of the nodes have been alive for a while`,
      );
    // Without a record nobody knows where its tunnels end, and nobody sends anything there.
    if (!this.#has(keys.node(node))) return;
    const machine = this.#sea.machines.find((m) => m.running?.agent.id === node || m.lastId === node);
    if (machine?.upSince !== undefined && now - machine.upSince > leeway)
      this.#sea.fail(
        `${who} gives up ${name}, whose tunnels have been there for ${now - machine.upSince} ms`,
      );
  }

  #graceOf(op: Extract<Op, { readonly kind: 'put' }>, self: NodeId): readonly NodeId[] {
    if (parseKey(op.key).kind !== 'fence') return [];
    const { kind, node, by } = decodeFence(op.key, op.value);
    return kind === 'collect' && by === self ? [node] : [];
  }

  /** What an operator has decided is not a guess. */
  #isForgotten(node: NodeId): boolean {
    const key = keys.fence(node);
    const entry = this.#sea.store.peek(key).entries.find((e) => e.key === key);
    return entry !== undefined && decodeFence(key, entry.value).kind === 'forget';
  }

  /** Whose record it is: of an endpoint, or of a node itself. */
  #ownerOf({ key }: Deletion): NodeId | undefined {
    const parsed = parseKey(key);
    if (parsed.kind === 'node') return parsed.node;
    if (parsed.kind !== 'endpoint') return undefined;
    const entry = this.#sea.store.peek(key).entries.find((e) => e.key === key);
    return entry === undefined ? undefined : decodeEndpoint(key, entry.value).node;
  }

  #known(): readonly NodeId[] {
    const nodes = this.#sea.store
      .peek('nodes/')
      .entries.map(({ key }) => key.slice('nodes/'.length) as NodeId);
    return nodes.filter((id) => {
      const fence = this.#sea.store.peek(keys.fence(id)).entries.find(({ key }) => key === keys.fence(id));
      return fence === undefined || decodeFence(fence.key, fence.value).kind === 'drain';
    });
  }

  #has(key: string): boolean {
    return this.#sea.store.peek(key).entries.some((e) => e.key === key);
  }
}
