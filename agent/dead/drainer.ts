import { keys } from '../../kvstore/keys.ts';
import type { Store } from '../../kvstore/store.ts';
import type { Clock } from '../../model/clock.ts';
import type { EndpointId } from '../../model/endpoint.ts';
import { asWeftError } from '../../model/errors.ts';
import type { Events } from '../../model/event.ts';
import type { Logger } from '../../model/logger.ts';
import type { NetworkId } from '../../model/network.ts';
import type { NodeId } from '../../model/node.ts';
import { networksOf } from '../participation.ts';
import { Scheduler } from '../reconcile/scheduler.ts';
import type { View } from '../view/view.ts';

export interface DrainerPorts {
  readonly view: View;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: Events;
  /** Undefined until this node may decide anything. */
  node(): NodeId | undefined;
  signal(): AbortSignal;
  readonly detach: (network: NetworkId, endpoint: EndpointId) => Promise<unknown>;
}

/** Milliseconds after which what failed is tried again. */
const retryDelay = 2000;

/** Detaches everything of this node while it is being drained, and then lowers the fence. */
export class Drainer {
  readonly #ports: DrainerPorts;
  readonly #scheduler: Scheduler<NodeId>;

  constructor(ports: DrainerPorts) {
    this.#ports = ports;
    this.#scheduler = new Scheduler(() => this.#drain(), ports.clock);
    const look = (): void => {
      this.lookAgain();
    };
    ports.view.listen({ fences: look, state: look });
  }

  /** After joining, and whenever a fence changes. */
  lookAgain(): void {
    const self = this.#ports.node();
    if (self !== undefined && this.#fence(self) !== undefined) this.#scheduler.mark(self);
  }

  close(): Promise<void> {
    return this.#scheduler.close();
  }

  #fence(self: NodeId) {
    const fence = this.#ports.view.fences.get(keys.fence(self));
    return fence?.value.kind === 'drain' ? fence : undefined;
  }

  async #drain(): Promise<void> {
    const { view, store, logger, events, detach } = this.#ports;
    const self = this.#ports.node();
    const fence = self === undefined ? undefined : this.#fence(self);
    if (self === undefined || fence === undefined || view.state !== 'insync') return;
    const nameOf = (id: NodeId): string => view.node(id)?.name ?? id;
    try {
      const own = view
        .joined()
        .flatMap((id) => [...(view.endpoints(id)?.records.values() ?? [])])
        .filter(({ value }) => value.node === self);
      for (const { value } of own) await detach(value.network, value.id);
      const signal = this.#ports.signal();
      // Nothing is attached while the fence is up; what was attached just before it may not have been in view.
      const known = view.networks().map((network) => network.id);
      const left = await networksOf(self, known, store, signal);
      if (left.size > 0) {
        for (const network of left) view.join(network);
        this.#scheduler.markLater(self, retryDelay);
        return;
      }
      const key = keys.fence(self);
      const { revision } = fence;
      const outcome = await store.txn([{ kind: 'unchanged', key, revision }], [{ kind: 'delete', key }], {
        signal,
      });
      if (outcome.ok) view.fences.forget(key, outcome.revision);
      events.tell('node-drained', `this node is drained, as node ${nameOf(fence.value.by)} asked`, {
        by: fence.value.by,
        endpoints: own.length,
      });
    } catch (error) {
      const { code, message } = asWeftError(error);
      logger.warn('cannot drain yet', { code, error: message });
      this.#scheduler.markLater(self, retryDelay);
    }
  }
}
