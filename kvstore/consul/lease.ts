import type { Logger } from '../../model/logger.ts';
import type { StorePorts } from '../ports.ts';
import { RemoteLease, type RemoteHold } from '../remote-lease.ts';
import type { CallOptions } from '../store.ts';
import type { Calls } from './calls.ts';
import type { Channel, Limits } from './channel.ts';
import type { Contact } from './contact.ts';
import { asStoreError, isDenied, isGone, isNodeMissing } from './errors.ts';

export interface LeasePorts extends StorePorts {
  readonly calls: Calls;
  readonly contact: Pick<Contact, 'away' | 'doubt'>;
  /** Milliseconds; the servers refuse a shorter one. */
  readonly minLeaseTtl: number;
  /** Aborts when the client is closed. */
  readonly closing: AbortSignal;
}

/**
 * A session ends with the node of the catalog that it belongs to, and a server that is lost is taken out of the catalog by
 * the others within seconds. So ours belong to a node that stands for no machine, and that nobody watches.
 */
const sessionNode = { name: 'weft-sessions', address: '127.0.0.1' } as const;

/** A session of Consul that keeps itself alive. */
export async function grantLease(
  ttl: number,
  ports: LeasePorts,
  options?: CallOptions,
): Promise<RemoteLease> {
  const { calls, clock, logger, minLeaseTtl, contact } = ports;
  const seconds = Math.ceil(Math.max(ttl, minLeaseTtl) / 1000);
  const wish = `get a session of ${seconds} s`;
  const sent = clock.monotonic();
  // Sent twice it leaves a session without keys behind, which ends by itself.
  const id = await calls.repeatable(wish, (c, l) => createSession(c, seconds, l, logger), options);
  return new RemoteLease(
    { id, ttl: seconds * 1000, sent },
    { ...ports, hold: holdBy(calls, contact, seconds * 1000) },
  );
}

async function createSession(
  channel: Channel,
  seconds: number,
  limits: Limits,
  logger: Logger,
): Promise<string> {
  const { name, address } = sessionNode;
  try {
    return await channel.createSession(seconds, name, limits).catch(async (error: unknown) => {
      if (!isNodeMissing(error)) throw error;
      await channel.registerNode(name, address, limits);
      return await channel.createSession(seconds, name, limits);
    });
  } catch (error) {
    if (!isDenied(error)) throw error;
    const node = { node: name, server: channel.address };
    logger.info('the lease ends when this server is lost: no permission for a node of our own', node);
    return await channel.createSession(seconds, undefined, limits);
  }
}

const holdBy = (calls: Calls, contact: LeasePorts['contact'], ttl: number): RemoteHold => ({
  async renew(id, within, signal) {
    // Others ask already whether the store is there.
    if (contact.away !== undefined) throw contact.away;
    const { channel } = calls;
    try {
      await channel.renewSession(id, { within: Math.min(within, calls.share), signal });
      return ttl;
    } catch (error) {
      signal.throwIfAborted();
      if (isGone(error)) return undefined;
      if (error instanceof Error) calls.failed(channel, error);
      contact.doubt();
      throw asStoreError(error, 'keep a session alive', 'read');
    }
  },
  async revoke(id) {
    await calls.repeatable('end a session', (c, l) => c.destroySession(id, l));
  },
});
