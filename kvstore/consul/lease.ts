import type { StorePorts } from '../ports.ts';
import { RemoteLease, type RemoteHold } from '../remote-lease.ts';
import type { CallOptions } from '../store.ts';
import type { Calls } from './calls.ts';
import { asStoreError, isGone } from './errors.ts';

export interface LeasePorts extends StorePorts {
  readonly calls: Calls;
  /** Milliseconds; the servers refuse a shorter one. */
  readonly minLeaseTtl: number;
  /** Aborts when the client is closed. */
  readonly closing: AbortSignal;
}

/** A session of Consul that keeps itself alive. */
export async function grantLease(
  ttl: number,
  ports: LeasePorts,
  options?: CallOptions,
): Promise<RemoteLease> {
  const { calls, clock, minLeaseTtl } = ports;
  const seconds = Math.ceil(Math.max(ttl, minLeaseTtl) / 1000);
  const wish = `get a session of ${seconds} s`;
  const sent = clock.monotonic();
  // Sent twice it leaves a session without keys behind, which ends by itself.
  const id = await calls.repeatable(wish, (c, l) => c.createSession(seconds, l), options);
  return new RemoteLease(
    { id, ttl: seconds * 1000, sent },
    { ...ports, hold: holdBy(calls, seconds * 1000) },
  );
}

const holdBy = (calls: Calls, ttl: number): RemoteHold => ({
  async renew(id, within, signal) {
    const { channel } = calls;
    try {
      await channel.renewSession(id, { within, signal });
      return ttl;
    } catch (error) {
      signal.throwIfAborted();
      if (isGone(error)) return undefined;
      calls.failed(channel);
      throw asStoreError(error, 'keep a session alive', 'read');
    }
  },
  async revoke(id) {
    await calls.repeatable('end a session', (c, l) => c.destroySession(id, l));
  },
});
