import type { IStatusResponse } from 'etcd3/lib/rpc.js';
import type { Clock } from '../../model/clock.ts';
import type { Remark, ServerState } from '../store.ts';
import type { Channel } from './channel.ts';
import { asStoreError } from './errors.ts';
import { knownBugs } from './known-bugs.ts';

/** Milliseconds for the answer of one server. */
const patience = 3000;

/** Asks one server for its status. @throws the reason of the signal. */
export async function askServer(
  channel: Channel,
  clock: Pick<Clock, 'monotonic' | 'wall'>,
  signal: AbortSignal,
): Promise<ServerState> {
  const server = channel.address;
  const begin = clock.monotonic();
  try {
    const status = await channel.status({ within: patience, signal });
    const took = clock.monotonic() - begin;
    const { version, header } = status;
    return {
      kind: 'answers',
      server,
      version: `etcd ${version}`,
      identity: header.cluster_id,
      took,
      remarks: remarksOf(status),
    };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'silent', server, error: asStoreError(error, `ask ${server} for its status`, 'read') };
  }
}

function remarksOf({
  header,
  version,
  leader,
  dbSize,
  errors,
  isLearner,
}: IStatusResponse): readonly Remark[] {
  const hasLeader = leader !== '0';
  const role = leader === header.member_id ? 'the leader' : isLearner ? 'a learner' : 'a follower';
  const clock = 'leases are counted by the clock of the leader, anew after a change of leader';
  return [
    { kind: 'info', text: `${role}, ${(Number(dbSize) / 2 ** 20).toFixed(1)} MiB on disk; ${clock}` },
    ...(hasLeader
      ? []
      : [{ kind: 'problem', text: 'its cluster has no leader: nothing can be written' } as const]),
    // An alarm (the disk quota is used up, data differ) or why it cannot serve.
    ...errors.map((text): Remark => ({ kind: 'problem', text: `it reports: ${text}` })),
    ...knownBugs(version),
  ];
}
