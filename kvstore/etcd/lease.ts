import { WeftError } from '../../model/errors.ts';
import type { StorePorts } from '../ports.ts';
import { RemoteLease, type RemoteHold } from '../remote-lease.ts';
import type { CallOptions } from '../store.ts';
import type { Calls } from './calls.ts';
import { asStoreError, CallFailed, grpcStatus } from './errors.ts';

export interface LeasePorts extends StorePorts {
  readonly calls: Calls;
  /** Aborts when the client is closed. */
  readonly closing: AbortSignal;
}

/** Milliseconds; etcd raises a shorter lease to it. */
export const minLeaseTtl = 2000;

/** A lease of an etcd server that keeps itself alive. */
export async function grantLease(
  ttl: number,
  ports: LeasePorts,
  options?: CallOptions,
): Promise<RemoteLease> {
  const seconds = Math.ceil(Math.max(ttl, minLeaseTtl) / 1000);
  const wish = `get a lease of ${seconds} s`;
  const sent = ports.clock.monotonic();
  // Sent twice it leaves a lease without keys behind, which ends by itself.
  const answer = await ports.calls.repeatable(wish, (m) => m.leaseGrant, { TTL: seconds }, options);
  const grant = { id: answer.ID, ttl: Number(answer.TTL) * 1000, sent };
  return new RemoteLease(grant, { ...ports, hold: holdBy(ports.calls) });
}

const holdBy = (calls: Calls): RemoteHold => ({
  async renew(id, within, signal) {
    const { channel } = calls;
    try {
      const limits = { within: Math.min(within, calls.share), signal };
      const seconds = await channel.keepAlive(id, limits);
      return seconds > 0 ? seconds * 1000 : undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof CallFailed && error.code === grpcStatus.notFound) return undefined;
      if (error instanceof Error) calls.failed(channel, error);
      throw asStoreError(error, 'keep a lease alive', 'read');
    }
  },
  async revoke(id) {
    try {
      await calls.repeatable('revoke a lease', (m) => m.leaseRevoke, { ID: id });
    } catch (error) {
      if (!(error instanceof WeftError && error.code === 'STORE_LEASE_LOST')) throw error;
    }
  },
});
