import { networkClaims } from '../../ipam/claims.ts';
import { keys, prefixes } from '../../kvstore/keys.ts';
import {
  decodeNetworkState,
  encodeNetworkState,
  keptReason,
  type NetworkState,
} from '../../kvstore/records/network-json.ts';
import { decodeNode } from '../../kvstore/records/node.ts';
import {
  decodeText,
  encodeText,
  type Condition,
  type Entry,
  type Op,
  type Store,
} from '../../kvstore/store.ts';
import { WeftError } from '../../model/errors.ts';
import type { Name } from '../../model/name.ts';
import { planNetwork } from '../../model/network-wish.ts';
import type { Wish } from '../../model/network-wish.ts';
import type { Network, NetworkId, RefusedNetwork } from '../../model/network.ts';
import { vniFromRandom, type Vni } from '../../model/vni.ts';
import type { Cluster, Node } from '../../model/node.ts';
import { commit } from '../commit.ts';
import { judge, type RefusalCode } from './judge.ts';
import type { Surroundings } from './overlap.ts';

export interface AcceptPorts {
  readonly store: Store;
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
}

/** A well-formed one. */
export interface Proposal extends Declaration {
  readonly wish: Wish;
  readonly creator: string;
  /** Not to change a network that exists. */
  readonly onlyNew?: boolean;
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

interface Scene {
  readonly counter: Entry | undefined;
  readonly acceptance: number;
  readonly state: { readonly value: NetworkState; readonly entry: Entry } | undefined;
  readonly around: Surroundings;
}

/** Everything the judgement depends on. The counter is read first: what is accepted later fails our condition on it. */
async function look(name: Name, { store, signal }: AcceptPorts): Promise<Scene> {
  const counter = await store.get(keys.networkAccept, { signal });
  const [states, nodes] = await Promise.all([
    store.list(prefixes.networkStates, { signal }),
    store.list(prefixes.nodes, { signal }),
  ]);
  const decoded = states.entries.flatMap((entry) => tryDecode(entry, decodeNetworkState));
  const networks = decoded.map((d) => d.value).filter((v): v is Network => 'id' in v && v.name !== name);
  return {
    counter,
    acceptance: counter === undefined ? 0 : Number(decodeText(counter.value)),
    state: decoded.find((d) => d.entry.key === keys.networkState(name)),
    around: {
      networks,
      nodes: nodes.entries.flatMap((e) => tryDecode<Node>(e, decodeNode).map((d) => d.value)),
    },
  };
}

/** A record that cannot be read must not stop the others; it is reported where the view meets it. */
function tryDecode<T>(
  entry: Entry,
  decode: (key: string, value: Uint8Array) => T,
): readonly { value: T; entry: Entry }[] {
  try {
    return [{ value: decode(entry.key, entry.value), entry }];
  } catch {
    return [];
  }
}

async function tryAccept(proposal: Proposal, ports: AcceptPorts): Promise<Acceptance | undefined> {
  const scene = await look(proposal.name, ports);
  const accepted = scene.state?.value;
  if (accepted !== undefined && 'id' in accepted) checkPossible(proposal, accepted);
  const judgement = judge(proposal.name, proposal.wish, proposal.hash, accepted, scene.around);
  switch (judgement.kind) {
    case 'settled':
      if (accepted === undefined || !('id' in accepted)) {
        return { kind: 'refused', why: accepted?.why ?? 'refused', code: 'NETWORK_REFUSED', isNews: false };
      }
      return settle(accepted, proposal, scene, ports);
    case 'refuse':
      return refuse(proposal, judgement, scene, ports);
    case 'change': {
      const network = { ...judgement.network, acceptance: scene.acceptance + 1 };
      return write({ kind: 'changed', network }, proposal, scene, [], ports);
    }
    case 'create': {
      const network = design(proposal, scene, ports);
      const claims = networkClaims(network).map((c): Op => ({ kind: 'put', key: c.key, value: c.value }));
      const vni: Op = { kind: 'put', key: keys.vni(network.vni), value: encodeText(network.id) };
      return write({ kind: 'created', network }, proposal, scene, [vni, ...claims], ports);
    }
  }
}

/** A wish in the store can wait until a removal is over, and changes what it names; a caller is told. */
function checkPossible({ name, hash, write, onlyNew }: Proposal, accepted: Network): void {
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
    `network ${name} exists already with another declaration (subnets ${subnets}); \`weft network apply\` changes what can be changed`,
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
  more: readonly Op[],
  ports: AcceptPorts,
): Promise<Acceptance | undefined> {
  const { network } = done;
  const fresh: readonly Condition[] =
    done.kind === 'created' ? more.slice(0, 1).map(({ key }) => ({ kind: 'absent', key })) : [];
  const state: Op = { kind: 'put', key: keys.networkState(network.name), value: encodeNetworkState(network) };
  const counter: Op = { kind: 'put', key: keys.networkAccept, value: encodeText(String(network.acceptance)) };
  const ops = [...wishOps(proposal), state, counter, ...more];
  return (await commit([...conditions(proposal, scene, ports), ...fresh], ops, ports)) ? done : undefined;
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
  const { name, declared } = proposal;
  const same = (key: string, entry: Entry | undefined): Condition =>
    entry === undefined ? { kind: 'absent', key } : { kind: 'unchanged', key, revision: entry.revision };
  return [
    ...guards,
    same(keys.networkAccept, scene.counter),
    same(keys.networkState(name), scene.state?.entry),
    ...(declared === undefined ? [] : [same(keys.network(name), declared)]),
  ];
}

const wishOps = ({ name, write: value }: Proposal): readonly Op[] =>
  value === undefined ? [] : [{ kind: 'put', key: keys.network(name), value }];
