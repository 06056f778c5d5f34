import type { Store } from '../../kvstore/store.ts';
import type { Clock } from '../../model/clock.ts';
import { asWeftError } from '../../model/errors.ts';
import type { Metrics } from '../../model/metric.ts';

/** The same store for an agent; how long its answers take, and which requests fail, is counted. Of watches the view tells. */
export function meteredStore(
  store: Store,
  { metrics, clock }: { readonly metrics: Metrics; readonly clock: Pick<Clock, 'monotonic'> },
): Store {
  const timed = async <T>(request: string, answer: () => Promise<T>): Promise<T> => {
    const start = clock.monotonic();
    try {
      return await answer();
    } catch (error) {
      metrics.count('weft_store_request_failures_total', { request, code: asWeftError(error).code });
      throw error;
    } finally {
      const seconds = (clock.monotonic() - start) / 1000;
      metrics.observe('weft_store_request_duration_seconds', { request }, seconds);
    }
  };
  return {
    get description() {
      return store.description;
    },
    get limits() {
      return store.limits;
    },
    identity: (options) => timed('identity', () => store.identity(options)),
    get: (key, options) => timed('get', () => store.get(key, options)),
    list: (prefix, options) => timed('list', () => store.list(prefix, options)),
    txn: (conditions, ops, options) => timed('txn', () => store.txn(conditions, ops, options)),
    lease: (ttl, options) => timed('lease', () => store.lease(ttl, options)),
    watch: (prefix, sink) => store.watch(prefix, sink),
    close: () => store.close(),
  };
}
