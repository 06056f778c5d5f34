import type { Clock } from '../../model/clock.ts';
import { hasCode } from '../../model/errors.ts';
import type { Remark, ServerState } from '../store.ts';
import type { Channel } from './channel.ts';
import { asStoreError } from './errors.ts';
import type { KeySpace } from './key-space.ts';
import { wordIn } from './life.ts';
import { remarkOf } from './permits.ts';

/** Milliseconds for each answer of one server. */
const patience = 3000;

export interface ServerStatePorts {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly space: KeySpace;
}

const clockOfLeases: Remark = {
  kind: 'info',
  text: 'leases are counted by the clock of the leader, which ends them up to one TTL late',
};

/** Asks one server who it is. @throws the reason of the signal. */
export async function askServer(
  channel: Channel,
  { clock, space }: ServerStatePorts,
  signal: AbortSignal,
): Promise<ServerState> {
  const server = channel.address;
  const limits = { within: patience, signal };
  const wish = `ask ${server} who it is`;
  const begin = clock.monotonic();
  try {
    const item = await channel.get(space.identity, limits);
    const took = clock.monotonic() - begin;
    const identity = item === undefined ? 'unknown' : wordIn(item);
    const version = await channel.version(limits).catch((error: unknown) => {
      // Who may use the keys need not be one who may look at the servers.
      if (hasCode(asStoreError(error, wish, 'read'), 'STORE_DENIED')) return undefined;
      throw error;
    });
    const known =
      version === undefined ? 'Consul, of a version that it does not show us' : `Consul ${version}`;
    const [permit = 'perhaps'] = await channel.permits([space.prefix], limits);
    const text = remarkOf(permit, space.prefix);
    const remarks: readonly Remark[] = [
      ...(text === undefined ? [] : [{ kind: 'problem', text } as const]),
      clockOfLeases,
    ];
    return { kind: 'answers', server, version: known, identity, took, remarks };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'silent', server, error: asStoreError(error, wish, 'read') };
  }
}
