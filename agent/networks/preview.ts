import type { NetworkChangeJson, SpecJson } from '../../api/schemas/network.ts';
import { keys } from '../../kvstore/keys.ts';
import { encodeWish, parseWish, wishHash } from '../../kvstore/records/wish.ts';
import { decodeText } from '../../kvstore/store.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { hasCode, WeftError } from '../../model/errors.ts';
import type { Ip } from '../../model/ip.ts';
import type { Name } from '../../model/name.ts';
import { planNetwork, type Wish } from '../../model/network-wish.ts';
import type { Network, NetworkId } from '../../model/network.ts';
import type { Cluster, Node, NodeId } from '../../model/node.ts';
import type { Vni } from '../../model/vni.ts';
import { localEndpointObjects } from '../../vxlan/endpoint-objects.ts';
import { networkMtu } from '../../vxlan/mtu.ts';
import { networkObjects } from '../../vxlan/network-objects.ts';
import { networkJson } from '../present.ts';
import { checkPossible } from './accept.ts';
import { textIn } from './declaration.ts';
import type { Judgement } from './judge.ts';
import { judgeIn, lookAround, sceneOf, type Scene, type ScenePorts } from './scene.ts';

interface PreviewPorts extends ScenePorts {
  readonly cluster: Cluster;
  endpoints(network: Network): Promise<readonly Endpoint[]>;
}

/** Plans for one wish after the other, each as if those before it had been accepted. Nothing is written. */
export interface Preview {
  /**
   * What accepting a wish would change, and whom it would touch.
   *
   * @throws NETWORK_REMOVING; NETWORK_REFUSED, VNI_TAKEN with the reason.
   */
  plan(name: Name, wish: Wish): Promise<NetworkChangeJson>;
}

export async function openPreview(ports: PreviewPorts): Promise<Preview> {
  const everything = await lookAround(ports);
  const planned = new Map<Name, Network>();
  return {
    async plan(name, wish) {
      const scene = sceneOf(name, everything, ports);
      const others = scene.around.networks.filter((network) => !planned.has(network.name));
      const networks = [...others, ...[...planned.values()].filter((network) => network.name !== name)];
      const { network, plan } = await planIn(
        { ...scene, around: { ...scene.around, networks } },
        name,
        wish,
        ports,
      );
      planned.set(name, network);
      return plan;
    },
  };
}

async function planIn(
  scene: Scene,
  name: Name,
  wish: Wish,
  ports: PreviewPorts,
): Promise<{ readonly network: Network; readonly plan: NetworkChangeJson }> {
  const hash = wishHash(wish);
  const state = scene.state?.value;
  const before = state !== undefined && 'id' in state ? state : undefined;
  if (before !== undefined) checkPossible({ name, wish, hash, write: encodeWish(wish) }, before);
  const judgement = await judgeIn({ name, wish, hash }, scene, ports);
  const after = outcomeOf(name, wish, judgement, before);
  const facts = { nodes: scene.around.nodes, cluster: ports.cluster };
  if (before === undefined) {
    const plan: NetworkChangeJson = {
      outcome: 'created',
      after: specJson(after, wish, facts),
      endpoints: [],
      nodes: [],
    };
    return { network: after, plan };
  }
  const isChange = judgement.kind === 'change';
  const plan: NetworkChangeJson = {
    outcome: isChange ? 'changed' : 'unchanged',
    before: specJson(before, before, facts),
    after: specJson(after, after, facts),
    ...(isChange ? { declaration: await declarations(name, wish, ports) } : {}),
    ...touchedBy(before, after, await ports.endpoints(before), facts),
  };
  return { network: after, plan };
}

/** As it stands, spelt as ours are unless it is malformed, and as it would be written. */
async function declarations(
  name: Name,
  wish: Wish,
  { store, signal }: PreviewPorts,
): Promise<NetworkChangeJson['declaration']> {
  const after = decodeText(encodeWish(wish));
  const declared = await store.get(keys.network(name), { signal });
  if (declared === undefined) return { after };
  try {
    return { before: decodeText(encodeWish(parseWish(declared.key, declared.value))), after };
  } catch (error) {
    if (!hasCode(error, 'INPUT_INVALID')) throw error;
    return { before: textIn(declared.value), after };
  }
}

/** What would be accepted. */
function outcomeOf(name: Name, wish: Wish, judgement: Judgement, before: Network | undefined): Network {
  switch (judgement.kind) {
    case 'change':
      return judgement.network;
    case 'create': {
      const unknown = { id: '' as NetworkId, vni: wish.vni ?? (0 as Vni), wishHash: '', acceptance: 0 };
      return planNetwork(
        { ...wish, subnets: judgement.subnets },
        { ...unknown, name, creator: '', createdAt: '' },
      );
    }
    case 'settled':
      if (before !== undefined) return before;
      throw refused(name, 'NETWORK_REFUSED', 'for the reason that `weft network inspect` shows');
    case 'refuse':
      throw refused(name, judgement.code, judgement.why);
  }
}

function refused(name: Name, code: 'NETWORK_REFUSED' | 'VNI_TAKEN', why: string): WeftError {
  return new WeftError(code, `network ${name} cannot be accepted: ${why}`, { details: { network: name } });
}

interface Facts {
  readonly nodes: readonly Node[];
  readonly cluster: Cluster;
}

/** `vni`: as far as it is decided. */
function specJson(network: Network, { vni }: { readonly vni?: Vni }, { nodes, cluster }: Facts): SpecJson {
  const shown = networkJson(network, { nodes, cluster, declared: true, endpoints: null });
  if (shown.phase === 'refused')
    throw new WeftError('INVARIANT', 'a network that is accepted is shown as refused');
  const { driver, subnets, mtu, declaredMtu, internal, allowOverlap, labels } = shown;
  return {
    driver,
    ...(vni === undefined ? {} : { vni }),
    subnets,
    mtu,
    ...(declaredMtu === undefined ? {} : { declaredMtu }),
    internal,
    allowOverlap,
    labels,
  };
}

/** Whose objects would differ: of the network itself on every node that takes part, of an endpoint on its own. */
function touchedBy(
  before: Network,
  after: Network,
  endpoints: readonly Endpoint[],
  { nodes, cluster }: Facts,
): Pick<NetworkChangeJson, 'endpoints' | 'nodes'> {
  const mtu = (network: Network): number => networkMtu(network, nodes, cluster.underlay);
  // Of which node makes no difference here.
  const self = { node: '0'.repeat(16) as NodeId, vtep: '192.0.2.1' as Ip };
  const whole = (network: Network): string =>
    JSON.stringify(networkObjects({ network, networkMtu: mtu(network), self, cluster }));
  const own = (network: Network, endpoint: Endpoint): string =>
    JSON.stringify(localEndpointObjects({ network, networkMtu: mtu(network), endpoint }));
  const touched = endpoints.filter((endpoint) => own(before, endpoint) !== own(after, endpoint));
  const nameOf = (id: NodeId): string => nodes.find((node) => node.id === id)?.name ?? id;
  const onNodes = whole(before) === whole(after) ? touched : endpoints;
  const shown = touched.map(({ id, name, node, sandbox }) => ({
    id,
    ...(name === undefined ? {} : { name }),
    node: nameOf(node),
    sandbox: sandbox.path,
  }));
  const order = (e: (typeof shown)[number]): string => `${e.node} ${e.name ?? ''} ${e.id}`;
  return {
    endpoints: shown.toSorted((a, b) => (order(a) < order(b) ? -1 : 1)),
    nodes: [...new Set(onNodes.map(({ node }) => nameOf(node)))].toSorted(),
  };
}
