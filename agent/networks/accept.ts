import { networkClaims, type Txn } from '../../ipam/claims.ts';
import { keys } from '../../kvstore/keys.ts';
import { encodeNetworkState, keptReason, type NetworkState } from '../../kvstore/records/network-json.ts';
import {
  encodeText,
  type Condition,
  type Entry,
  type Op,
  type Revision,
  type Store,
} from '../../kvstore/store.ts';
import { WeftError } from '../../model/errors.ts';
import type { Name } from '../../model/name.ts';
import { planNetwork } from '../../model/network-wish.ts';
import type { Wish } from '../../model/network-wish.ts';
import type { Network, NetworkId, RefusedNetwork } from '../../model/network.ts';
import { vniFromRandom, type Vni } from '../../model/vni.ts';
import type { Cluster } from '../../model/node.ts';
import { commit } from '../commit.ts';
import { claimChanges } from './claim-changes.ts';
import type { RefusalCode } from './judge.ts';
import { judgeIn, look, type Scene, type SceneReaders } from './scene.ts';

export interface AcceptPorts {
  readonly store: Store;
  readonly readers: SceneReaders;
  readonly cluster: Cluster;
  /** What must hold as long as the store is the one that was believed when this began. */
  readonly guards: readonly Condition[];
  readonly signal: AbortSignal;
  /** Random bytes in lower-case hex. */
  readonly random: (bytes: number) => string;
  /** Wall-clock time, ISO 8601. */
  now(): string;
}

/** A declaration, and how it gets into the store. */
export interface Declaration {
  readonly name: Name;
  readonly hash: string;
  /** Present: the wish is written in the same transaction. Absent: it is in the store already, as this entry. */
  readonly write?: Uint8Array;
  readonly declared?: Entry;
  /** Present: what is written takes the place of this entry, or of none. */
  readonly replaces?: { readonly entry: Entry | undefined };
}

/** A well-formed one. */
export interface Proposal extends Declaration {
  readonly wish: Wish;
  readonly creator: string;
  /** Not to change a network that exists. */
  readonly onlyNew?: boolean;
  /** Only while the declaration in the store is the one of this revision; 0: while there is none. */
  readonly expected?: Revision | undefined;
}

export type Acceptance =
  | { readonly kind: 'settled' | 'created' | 'changed'; readonly network: Network }
  | {
      readonly kind: 'refused';
      readonly why: string;
      readonly code: RefusalCode;
      /** It was not on record before. */
      readonly isNews: boolean;
    };

/** How often acceptance is tried again because somebody else accepted something meanwhile. */
const attempts = 32;

/**
 * Accepts or refuses one wish: the wish (when it is ours to write), the accepted spec, the VNI and the claims of gateways
 * and auxiliary addresses in one transaction, on condition that no other acceptance passed us by.
 *
 * @throws for a wish that is ours to write: NETWORK_REMOVING; NETWORK_EXISTS when it is only to make a new network.
 */
export async function accept(proposal: Proposal, ports: AcceptPorts): Promise<Acceptance> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const done = await tryAccept(proposal, ports);
    if (done !== undefined) return done;
  }
  throw new WeftError(
    'STORE_UNAVAILABLE',
    `network ${proposal.name}: other networks kept being accepted; try again`,
  );
}

/** Puts on record why a declaration in the store, for instance a malformed one, is refused. */
export async function recordRefusal(
  declaration: Declaration,
  why: string,
  ports: AcceptPorts,
): Promise<Acceptance> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const done = await refuse(
      declaration,
      { why, code: 'NETWORK_REFUSED' },
      await look(declaration.name, ports),
      ports,
    );
    if (done !== undefined) return done;
  }
  throw new WeftError(
    'STORE_UNAVAILABLE',
    `network ${declaration.name}: other networks kept being accepted; try again`,
  );
}

async function tryAccept(wished: Proposal, ports: AcceptPorts): Promise<Acceptance | undefined> {
  const proposal = await asExpected(wished, ports);
  const scene = await look(proposal.name, ports);
  const accepted = scene.state?.value;
  if (accepted !== undefined && 'id' in accepted) checkPossible(proposal, accepted);
  const judgement = await judgeIn(proposal, scene, ports);
  switch (judgement.kind) {
    case 'settled':
      if (accepted === undefined || !('id' in accepted)) {
        return { kind: 'refused', why: accepted?.why ?? 'refused', code: 'NETWORK_REFUSED', isNews: false };
      }
      return settle(accepted, proposal, scene, ports);
    case 'refuse':
      return refuse(proposal, judgement, scene, ports);
    case 'change':
      return change({ ...judgement.network, acceptance: scene.acceptance + 1 }, proposal, scene, ports);
    case 'create': {
      const wish = { ...proposal.wish, subnets: judgement.subnets };
      const network = design({ ...proposal, wish }, scene, ports);
      const claims = networkClaims(network).map((c): Op => ({ kind: 'put', key: c.key, value: c.value }));
      const vni: Op = { kind: 'put', key: keys.vni(network.vni), value: encodeText(network.id) };
      const conditions = [{ kind: 'absent', key: vni.key }] as const;
      return write(
        { kind: 'created', network },
        proposal,
        scene,
        { conditions, ops: [vni, ...claims] },
        ports,
      );
    }
  }
}

/** With the declaration that was expected as that which it replaces. @throws NETWORK_EXISTS when it is another one by now. */
async function asExpected(proposal: Proposal, { store, signal }: AcceptPorts): Promise<Proposal> {
  const { name, expected } = proposal;
  if (expected === undefined) return proposal;
  const declared = await store.get(keys.network(name), { signal });
  if ((declared?.revision ?? 0) !== expected) {
    const message = `the declaration of network ${name} was changed meanwhile: read it again`;
    throw new WeftError('NETWORK_EXISTS', message, { details: { network: name } });
  }
  return { ...proposal, replaces: { entry: declared } };
}

/** A wish in the store can wait until a removal is over, and changes what it names; a caller is told. */
export function checkPossible(
  { name, hash, write, onlyNew }: Omit<Proposal, 'creator'>,
  accepted: Network,
): void {
  if (write === undefined) return;
  const details = { network: name };
  if (accepted.phase.kind === 'removing') {
    const message = `network ${name} is being removed by ${accepted.phase.by}; try again when it is gone`;
    throw new WeftError('NETWORK_REMOVING', message, { details });
  }
  if (onlyNew !== true || accepted.wishHash === hash) return;
  const subnets = accepted.subnets.map((s) => s.prefix).join(', ');
  throw new WeftError(
    'NETWORK_EXISTS',
    `network ${name} exists already (subnets ${subnets}), and this declaration is not the one that it was made by; \`weft network apply\` changes what can be changed, and shows with --dry-run what that is`,
    { details },
  );
}

/** What is wished is accepted already. When it is wished here and its declaration is gone, it is declared again. */
async function settle(
  network: Network,
  proposal: Proposal,
  scene: Scene,
  ports: AcceptPorts,
): Promise<Acceptance | undefined> {
  const done: Acceptance = { kind: 'settled', network };
  if (proposal.write === undefined) return done;
  const key = keys.network(proposal.name);
  const declared = await ports.store.get(key, { signal: ports.signal });
  if (declared !== undefined) return done;
  return (await commit(conditions(proposal, scene, ports), wishOps(proposal), ports)) ? done : undefined;
}

/** The claims on what the network keeps for itself change with it. */
async function change(
  judged: Network,
  proposal: Proposal,
  scene: Scene,
  ports: AcceptPorts,
): Promise<Acceptance | undefined> {
  const { store, signal } = ports;
  const before = scene.state?.value;
  // To take a refused edit back changes nothing.
  const isSame = before?.wishHash === judged.wishHash;
  const network = isSame ? judged : { ...judged, changed: { by: proposal.creator, at: ports.now() } };
  const read = (key: string): Promise<Entry | undefined> => store.get(key, { signal });
  const claims =
    before !== undefined && 'id' in before
      ? await claimChanges(before, network, read)
      : { conditions: [], ops: [] };
  return write({ kind: 'changed', network }, proposal, scene, claims, ports);
}

function design(proposal: Proposal, scene: Scene, ports: AcceptPorts): Network {
  const { name, wish, hash, creator } = proposal;
  const taken = new Set<number>(scene.around.networks.map((n) => n.vni));
  return planNetwork(wish, {
    id: ports.random(8) as NetworkId,
    name,
    vni: wish.vni ?? freeVni(taken, ports),
    wishHash: hash,
    acceptance: scene.acceptance + 1,
    creator,
    createdAt: ports.now(),
  });
}

function freeVni(taken: ReadonlySet<number>, { cluster, random }: AcceptPorts): Vni {
  const range = { first: cluster.vniFirst, last: cluster.vniLast };
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const vni = vniFromRandom(range, Number.parseInt(random(4), 16));
    if (!taken.has(vni)) return vni;
  }
  throw new WeftError('VNI_TAKEN', `no free VNI found between ${range.first} and ${range.last}`);
}

/** Undefined: a condition failed or the reply was lost; look again. */
async function write(
  done: Extract<Acceptance, { network: Network }>,
  proposal: Proposal,
  scene: Scene,
  more: Txn,
  ports: AcceptPorts,
): Promise<Acceptance | undefined> {
  const { network } = done;
  const state: Op = { kind: 'put', key: keys.networkState(network.name), value: encodeNetworkState(network) };
  const counter: Op = { kind: 'put', key: keys.networkAccept, value: encodeText(String(network.acceptance)) };
  const ops = [...wishOps(proposal), state, counter, ...more.ops];
  const all = [...conditions(proposal, scene, ports), ...more.conditions];
  const most = ports.store.limits.txnOps;
  if (all.length + ops.length > most && done.kind === 'changed') {
    const why = `${more.ops.length} gateways and auxiliary addresses change at once, more than the store takes in one transaction: change some of them first`;
    return refuse(proposal, { why, code: 'NETWORK_REFUSED' }, scene, ports);
  }
  return (await commit(all, ops, ports)) ? done : undefined;
}

/** Records why, beside the accepted spec or in its place. A wish that comes through the API is not even written. */
async function refuse(
  proposal: Declaration,
  { why, code }: { readonly why: string; readonly code: RefusalCode },
  scene: Scene,
  ports: AcceptPorts,
): Promise<Acceptance | undefined> {
  const done: Acceptance = { kind: 'refused', why, code, isNews: false };
  if (proposal.write !== undefined) return done;
  const { name, hash } = proposal;
  const accepted = scene.state?.value;
  const value = withRefusal(accepted, { name, wishHash: hash, why: keptReason(why) });
  if (value === undefined) return done;
  const op: Op = { kind: 'put', key: keys.networkState(name), value: encodeNetworkState(value) };
  return (await commit(conditions(proposal, scene, ports), [op], ports))
    ? { ...done, isNews: true }
    : undefined;
}

/** Undefined when the refusal is on record already. */
function withRefusal(accepted: NetworkState | undefined, refused: RefusedNetwork): NetworkState | undefined {
  if (accepted === undefined || !('id' in accepted)) {
    return accepted?.wishHash === refused.wishHash && accepted.why === refused.why ? undefined : refused;
  }
  if (accepted.phase.kind === 'removing') return undefined;
  const { wishHash, why } = refused;
  const before = accepted.phase.refused;
  if (before?.wishHash === wishHash && before.why === why) return undefined;
  return { ...accepted, phase: { kind: 'active', refused: { wishHash, why } } };
}

function conditions(proposal: Declaration, scene: Scene, { guards }: AcceptPorts): readonly Condition[] {
  const { name, declared, replaces } = proposal;
  const same = (key: string, entry: Entry | undefined): Condition =>
    entry === undefined ? { kind: 'absent', key } : { kind: 'unchanged', key, revision: entry.revision };
  return [
    ...guards,
    same(keys.networkAccept, scene.counter),
    same(keys.networkState(name), scene.state?.entry),
    ...(declared === undefined ? [] : [same(keys.network(name), declared)]),
    ...(replaces === undefined ? [] : [same(keys.network(name), replaces.entry)]),
  ];
}

const wishOps = ({ name, write: value }: Proposal): readonly Op[] =>
  value === undefined ? [] : [{ kind: 'put', key: keys.network(name), value }];
