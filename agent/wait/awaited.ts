import { keys } from '../../kvstore/keys.ts';
import type { Revision } from '../../kvstore/store.ts';
import type { NodeId } from '../../model/node.ts';
import type { Answer, Question } from '../../model/question.ts';
import type { View } from '../view/view.ts';

/** A node that has not answered, or whose kernel refuses it. */
export interface Laggard {
  readonly node: NodeId;
  readonly refusal?: string;
}

/**
 * Who was asked a question, and who of them is still waited for, by the view. One that goes down or leaves the network
 * meanwhile counts no more, also when it comes back; but of a network that is removed all take leave, and say when.
 */
export class Awaited {
  readonly #question: Question;
  readonly #view: View;
  readonly #open: Set<NodeId>;
  readonly #done = new Set<NodeId>();
  /** The endpoints as of this revision were looked through. */
  #looked: Revision | undefined;

  constructor(question: Question, view: View) {
    this.#question = question;
    this.#view = view;
    this.#open = new Set(question.asked);
  }

  /** Who has programmed it. */
  get done(): readonly NodeId[] {
    return [...this.#done];
  }

  get late(): readonly Laggard[] {
    return Array.from(this.#open, (node) => {
      const refusal = this.#answer(node)?.refusal;
      return { node, ...(refusal === undefined ? {} : { refusal }) };
    });
  }

  /** Undefined while somebody is waited for; `lost`: the question is not in the store any more. */
  outcome(): 'all' | 'lost' | undefined {
    const { network, id } = this.#question;
    const isAsked = this.#view.waits.get(keys.wait(network, id)) !== undefined;
    if (this.#open.size > 0 && !isAsked) return 'lost';
    this.#look();
    return this.#open.size === 0 ? 'all' : undefined;
  }

  #look(): void {
    const { asker, matter } = this.#question;
    // Who is down himself, as far as he knows, does not judge others.
    const judges = this.#view.isAlive(asker);
    for (const node of this.#open) {
      const answer = this.#answer(node);
      if (answer !== undefined && answer.refusal === undefined) {
        this.#done.add(node);
        this.#open.delete(node);
      } else if (judges && !this.#view.isAlive(node)) this.#open.delete(node);
    }
    if (this.#open.size === 0 || matter.kind === 'no network' || !judges) return;
    // There may be ten thousand endpoints: they are looked through when they are others, not with all that is heard.
    const revision = this.#view.endpoints(this.#question.network)?.revision;
    if (revision === this.#looked) return;
    this.#looked = revision;
    const there = takersIn(this.#question, this.#view);
    for (const node of this.#open) if (!there.has(node)) this.#open.delete(node);
  }

  #answer(node: NodeId): Answer | undefined {
    const { network, id } = this.#question;
    const wait = this.#view.waits.get(keys.waitAnswer(network, id, node))?.value;
    return wait?.kind === 'answer' ? wait.answer : undefined;
  }
}

/** Live nodes, other than the one that asks, that have an endpoint in the network, as far as the view knows. */
export function takersIn(
  { network, asker }: Pick<Question, 'network' | 'asker'>,
  view: View,
): ReadonlySet<NodeId> {
  const nodes = new Set<NodeId>();
  for (const { value } of view.endpoints(network)?.records.values() ?? [])
    if (value.node !== asker && !nodes.has(value.node) && view.isAlive(value.node)) nodes.add(value.node);
  return nodes;
}
