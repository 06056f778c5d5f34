import { keys } from '../../kvstore/keys.ts';
import type { NetworkState } from '../../kvstore/records/network-json.ts';
import type { Events } from '../../model/event.ts';
import type { Name } from '../../model/name.ts';
import type { Node, NodeId } from '../../model/node.ts';
import type { View } from '../view/view.ts';

/**
 * Tells what the view shows of other nodes and of networks, whoever brought it about. What is there when the view has been read
 * for the first time is no news.
 */
export class ViewNews {
  readonly #view: View;
  readonly #events: Events;
  readonly #self: NodeId;
  #nodes = new Map<NodeId, Node>();
  #alive = new Set<NodeId>();
  readonly #networks = new Map<Name, NetworkState>();
  #begun = false;

  constructor(view: View, events: Events, self: NodeId) {
    this.#view = view;
    this.#events = events;
    this.#self = self;
    view.listen({
      state: () => this.#begin(),
      nodes: () => this.#lookAtNodes(),
      alive: () => this.#lookAtNodes(),
      networks: (names) => {
        for (const name of names) this.#lookAtNetwork(name);
      },
    });
  }

  #begin(): void {
    // What an earlier life knew does not say who lives.
    if (this.#begun || this.#view.state !== 'insync') return;
    this.#remember();
    for (const { value } of this.#view.networkStates.records.values()) this.#networks.set(value.name, value);
    this.#begun = true;
  }

  #remember(): void {
    this.#nodes = new Map(this.#view.nodeList().map((node) => [node.id, node]));
    this.#alive = new Set(this.#view.ranks());
  }

  #lookAtNodes(): void {
    if (!this.#begun) return;
    const [before, living] = [this.#nodes, this.#alive];
    this.#remember();
    for (const node of this.#nodes.values()) this.#compareNode(before.get(node.id), node);
    for (const { id, name } of before.values()) {
      if (!this.#nodes.has(id))
        this.#events.tell('node-left', `node ${name} is not known any more`, { node: id });
    }
    for (const id of new Set([...living, ...this.#alive])) {
      const name = this.#nodes.get(id)?.name ?? before.get(id)?.name ?? id;
      if (id === this.#self || living.has(id) === this.#alive.has(id)) continue;
      if (this.#alive.has(id)) this.#events.tell('node-up', `node ${name} is alive`, { node: id });
      else this.#events.tell('node-down', `node ${name} is down; its endpoints stay`, { node: id });
    }
  }

  #compareNode(before: Node | undefined, { id, name, vteps, mtu }: Node): void {
    const fields = { node: id, name, vteps, mtu };
    if (before === undefined) {
      if (id === this.#self) return;
      this.#events.tell('node-joined', `node ${name} (${vteps.join(', ')}) is new`, fields);
      return;
    }
    const told = (node: Pick<Node, 'name' | 'vteps' | 'mtu'>): string =>
      `${node.name} (${node.vteps.join(', ')}, MTU ${node.mtu})`;
    const [was, is] = [told(before), told({ name, vteps, mtu })];
    if (was !== is) this.#events.tell('node-changed', `node ${was} is now ${is}`, fields);
  }

  #lookAtNetwork(name: Name): void {
    const state = this.#view.networkStates.get(keys.networkState(name))?.value;
    const before = this.#networks.get(name);
    if (state === undefined) this.#networks.delete(name);
    else this.#networks.set(name, state);
    if (this.#begun) this.#tellNetwork(name, before, state);
  }

  #tellNetwork(name: Name, before: NetworkState | undefined, state: NetworkState | undefined): void {
    if (state === undefined) {
      if (before !== undefined)
        this.#events.tell('network-removed', `network ${name} is gone`, { network: name });
      return;
    }
    const why = refusalOf(state);
    if (why !== undefined) {
      if (before === undefined || refusalOf(before) !== why) {
        this.#events.tell('network-refused', `network ${name} cannot be as declared: ${why}`, {
          network: name,
        });
      }
      return;
    }
    if (!('id' in state)) return;
    const fields = { network: name, id: state.id, vni: state.vni };
    const known = before !== undefined && 'id' in before && before.id === state.id ? before : undefined;
    if (state.phase.kind === 'removing') {
      if (known?.phase.kind !== 'removing')
        this.#events.tell(
          'network-removing',
          `network ${name} is being removed, by ${state.phase.by}`,
          fields,
        );
      return;
    }
    if (known?.acceptance === state.acceptance) return;
    const what = known === undefined ? 'is accepted' : 'is changed';
    const subnets = state.subnets.map((subnet) => subnet.prefix).join(', ');
    this.#events.tell('network-accepted', `network ${name} ${what}: ${subnets}, VNI ${state.vni}`, fields);
  }
}

function refusalOf(state: NetworkState): string | undefined {
  if (!('id' in state)) return state.why;
  return state.phase.kind === 'active' ? state.phase.refused?.why : undefined;
}
