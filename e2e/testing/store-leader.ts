import type { LabStore } from '../lab/store.ts';
import type { StoreMember } from '../lab/store-member.ts';

/** Which server of a lab's etcd or Consul leads, by what the servers say of themselves. */
export async function leaderOf(store: LabStore): Promise<StoreMember> {
  const address = store.kind === 'etcd' ? await etcdLeader(store) : await consulLeader(store);
  const leader = store.servers.find((server) => address === server.address);
  if (leader === undefined) throw new Error(`no server of ${store.url} leads`);
  return leader;
}

async function etcdLeader(store: LabStore): Promise<string | undefined> {
  const text = await store.mustEtcdctl('endpoint', 'status');
  // ENDPOINT, ID, VERSION, SIZE, IS LEADER, ...
  const rows = text.split('\n').map((line) => line.split(', '));
  const url = rows.find((row) => row[4] === 'true')?.[0];
  return url === undefined ? undefined : hostOf(url.replace(/^http:\/\//, ''));
}

async function consulLeader(store: LabStore): Promise<string | undefined> {
  const text = await store.mustConsul('operator', 'raft', 'list-peers');
  // Node, ID, Address, State, ...
  const rows = text.split('\n').map((line) => line.split(/\s+/));
  const place = rows.find((row) => row[3] === 'leader')?.[2];
  return place === undefined ? undefined : hostOf(place);
}

/** Of `HOST:PORT`, with or without brackets. */
const hostOf = (place: string): string => place.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
