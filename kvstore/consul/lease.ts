import type { StorePorts } from '../ports.ts';
import { RemoteLease, type RemoteHold } from '../remote-lease.ts';
import type { CallOptions } from '../store.ts';
import type { Calls } from './calls.ts';
import type { Contact } from './contact.ts';
import { asStoreError, isGone } from './errors.ts';

export interface LeasePorts extends StorePorts {
  readonly calls: Calls;
  readonly contact: Pick<Contact, 'away' | 'doubt'>;
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
  const { calls, clock, minLeaseTtl, contact } = ports;
  const seconds = Math.ceil(Math.max(ttl, minLeaseTtl) / 1000);
  const wish = `get a session of ${seconds} s`;
  const sent = clock.monotonic();
  // Sent twice it leaves a session without keys behind, which ends by itself.
  const id = await calls.repeatable(wish, (c, l) => c.createSession(seconds, l), options);
  return new RemoteLease(
    { id, ttl: seconds * 1000, sent },
    { ...ports, hold: holdBy(calls, contact, seconds * 1000) },
  );
}

const holdBy = (calls: Calls, contact: LeasePorts['contact'], ttl: number): RemoteHold => ({
  async renew(id, within, signal) {
    // Others ask already whether the store is there.
    if (contact.away !== undefined) throw contact.away;
    const { channel } = calls;
    try {
      await channel.renewSession(id, { within, signal });
      return ttl;
    } catch (error) {
      signal.throwIfAborted();
      if (isGone(error)) return undefined;
      calls.failed(channel);
      contact.doubt();
      throw asStoreError(error, 'keep a session alive', 'read');
    }
  },
  async revoke(id) {
    await calls.repeatable('end a session', (c, l) => c.destroySession(id, l));
  },
});
