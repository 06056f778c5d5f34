import { WeftError } from '../model/errors.ts';
import type { NodeId } from '../model/node.ts';
import type { Self } from './reconcile/self.ts';

/** How far the start has come; an agent that is not `ready` answers questions but changes nothing. */
export type Phase = 'starting' | 'joining' | 'reading' | 'ready' | 'stopped';

/** How far an agent has come, and who its node is in the cluster. */
export class Progress {
  readonly #agent: string;
  readonly #store: string;
  phase: Phase = 'starting';
  /** Undefined until the cluster is known. */
  self: Self | undefined;
  /** Why the start does not get on, as far as an error says it. */
  trouble: string | undefined;

  /** The names of the agent and of its store, for messages. */
  constructor(agent: string, store: string) {
    this.#agent = agent;
    this.#store = store;
  }

  /** This node, once the agent may change something. */
  get node(): NodeId | undefined {
    return this.phase === 'ready' ? this.self?.node : undefined;
  }

  /** @throws NOT_READY before this node knows who it is in the cluster. */
  demandSelf(): Self {
    if (this.self !== undefined && this.phase === 'ready') return this.self;
    throw this.notReady(
      this.phase === 'reading' ? 'it is still reading the store' : 'it has not joined the cluster yet',
    );
  }

  notReady(reason: string): WeftError {
    return new WeftError(
      'NOT_READY',
      `weftd on ${this.#agent} is not ready: ${reason} (store ${this.#store})`,
    );
  }
}
