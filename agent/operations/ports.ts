import type { Store } from '../../kvstore/store.ts';
import type { Kernel } from '../../linux/kernel.ts';
import type { Clock } from '../../model/clock.ts';
import type { Events } from '../../model/event.ts';
import type { Logger } from '../../model/logger.ts';
import type { Metrics } from '../../model/metric.ts';
import type { KeyedLock } from '../keyed-lock.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { Self } from '../reconcile/self.ts';
import type { Returner } from '../returns/returner.ts';
import type { Intents } from '../state/intents.ts';
import type { SandboxLife } from '../sandbox-life.ts';
import type { View } from '../view/view.ts';
import type { Asker } from '../wait/asker.ts';
import type { Pools } from './pools.ts';

/** What operations work with. */
export interface OperationPorts {
  readonly store: Store;
  readonly view: View;
  readonly kernel: Kernel;
  readonly sandboxes: SandboxLife;
  readonly reconciler: Reconciler;
  readonly intents: Intents;
  readonly locks: KeyedLock;
  readonly pools: Pools;
  readonly asker: Asker;
  readonly logger: Logger;
  readonly events: Events;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Random bytes in lower-case hex. */
  readonly random: (bytes: number) => string;
  readonly netnsDir: string;
  /** Own endpoints that the store has lost without our doing. */
  readonly returns: Pick<Returner, 'own' | 'restore' | 'drop' | 'find'>;
  /** @throws NOT_READY before this node has joined. */
  self(): Self;
  /** @throws STORE_UNAVAILABLE, with `what` cannot be done, while nothing may be written to the store. */
  readonly demandStore: (what: string) => void;
  /** The same, after one more question to a store that is out of reach. */
  readonly reachStore: (what: string, signal: AbortSignal) => Promise<void>;
}
