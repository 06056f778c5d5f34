import type { Readiness } from '../../api/schemas/network.ts';
import { keys } from '../../kvstore/keys.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { NetworkId } from '../../model/network.ts';
import type { NodeId } from '../../model/node.ts';
import type { Answer } from '../../model/question.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { View } from '../view/view.ts';
import type { Reaction } from './asker.ts';
import { nameOf } from './waited.ts';

type State = Pick<Readiness[number], 'state' | 'why'>;

export interface ReadinessPorts {
  readonly view: View;
  readonly reconciler: Reconciler;
  readonly self: NodeId;
}

/**
 * How far the nodes are that take part in a network, by name: those that hold one of its `endpoints`. Of itself a node
 * knows; of others only what they have just been asked (`reaction`), or what somebody asks them at this moment.
 */
export function readinessIn(
  network: NetworkId,
  endpoints: readonly Pick<Endpoint, 'node'>[],
  { view, reconciler, self }: ReadinessPorts,
  reaction?: Reaction,
): Readiness {
  const counts = new Map<NodeId, number>();
  for (const { node } of endpoints) counts.set(node, (counts.get(node) ?? 0) + 1);
  const own = (): State => {
    const standing = reconciler.standing(network);
    return standing.kind === 'refused'
      ? { state: 'refused', why: standing.error.message }
      : { state: standing.kind };
  };
  const told = (node: NodeId): State => stateIn(node, reaction) ?? openState(network, node, view);
  return Array.from(counts, ([node, count]) => ({
    node: nameOf(node, view),
    self: node === self,
    alive: view.isAlive(node),
    endpoints: count,
    ...(node === self ? own() : told(node)),
  })).toSorted((a, b) => (a.node < b.node ? -1 : 1));
}

function stateIn(node: NodeId, reaction: Reaction | undefined): State | undefined {
  if (reaction === undefined) return undefined;
  if (reaction.nodes.includes(node)) return { state: 'programmed' };
  const late = reaction.late.find((each) => each.node === node);
  if (late === undefined) return undefined;
  return { state: late.refusal === undefined ? 'awaited' : 'refused', why: late.refusal ?? 'no answer' };
}

/** By the questions that are open now; one that is not answered says more than others that are. */
function openState(network: NetworkId, node: NodeId, view: View): State {
  const { waits } = view;
  const states: State[] = [];
  for (const { value } of waits.records.values()) {
    if (value.kind !== 'question' || value.question.network !== network) continue;
    if (!value.question.asked.includes(node) || !view.isAlive(node)) continue;
    const wait = waits.get(keys.waitAnswer(network, value.question.id, node))?.value;
    states.push(
      stateOf(wait?.kind === 'answer' ? wait.answer : undefined, nameOf(value.question.asker, view)),
    );
  }
  return states.find(({ state }) => state !== 'programmed') ?? states[0] ?? { state: 'unknown' };
}

function stateOf(answer: Answer | undefined, asker: string): State {
  if (answer === undefined) return { state: 'awaited', why: `no answer to ${asker} yet` };
  const { refusal } = answer;
  return refusal === undefined ? { state: 'programmed' } : { state: 'refused', why: refusal };
}
