/** One way to break the product: in one file one piece of text is another one. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  /** Occurs exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** Each of them takes away one promise that the simulation has to miss within a thousand seeds. */
export const mutants: readonly Mutant[] = [
  {
    name: 'collects on without looking whether the node is back, or the fence still its own',
    file: 'agent/dead/give-up.ts',
    find: `const holding = ({ node, revision }: OwnFence): readonly Condition[] => [
  { kind: 'absent', key: keys.alive(node) },
  { kind: 'unchanged', key: keys.fence(node), revision },
];`,
    replace: 'const holding = (_fence: OwnFence): readonly Condition[] => [];',
  },
  {
    name: 'a minority collects',
    file: 'agent/dead/verdict.ts',
    find: 'if (2 * living >= known.length) return undefined;',
    replace: 'if (living >= 0) return undefined;',
  },
  {
    name: 'a node whose tunnels answer is collected',
    file: 'agent/dead/life-signs.ts',
    find: 'if (echo && !refused) {',
    replace: 'if (echo && !refused && cluster.port < 0) {',
  },
  {
    name: 'an endpoint is put back whoever has its claims',
    file: 'ipam/claims.ts',
    find: 'return { conditions: conditions.map((each) => own.get(each.key) ?? each), ops };',
    replace: "return { conditions: conditions.filter((each) => !each.key.includes('/claim/')), ops };",
  },
  {
    name: 'a detach leaves the claims',
    file: 'ipam/claims.ts',
    find: "ops: [{ kind: 'delete', key }, ...held.map((e): Op => ({ kind: 'delete', key: e.key }))],",
    replace: "ops: [{ kind: 'delete', key }],",
  },
  {
    name: 'a detach takes claims whoever holds them',
    file: 'ipam/claims.ts',
    find: '(entry) => entry !== undefined && isHeldBy(endpoint, entry),',
    replace: '(entry) => entry !== undefined,',
  },
  {
    name: 'networks are accepted past each other',
    file: 'agent/networks/accept.ts',
    find: '    same(keys.networkAccept, scene.counter),\n',
    replace: '',
  },
  {
    name: 'a detach begins without an intent on disk',
    file: 'agent/operations/detach.ts',
    find: "  await unlessAborted(ports.intents.begin({ op: 'detach', network, endpoint: id }), signal);\n",
    replace: '',
  },
  {
    name: 'a node that joins leaves the fence over it',
    file: 'agent/cluster/join.ts',
    find: 'if (fence !== undefined && !isDrain(fence)) ops.push',
    replace: "if (fence !== undefined && fence.key === '' && !isDrain(fence)) ops.push",
  },
  {
    name: 'an endpoint that was lost is not put back',
    file: 'agent/returns/own-endpoints.ts',
    find: 'if (known === undefined || this.#isOurDoing(id)) continue;',
    replace: 'if (known === undefined || this.#isOurDoing(id) || network !== undefined) continue;',
  },
  {
    name: 'a detach that waits for the store is forgotten',
    file: 'agent/operations/finish-intents.ts',
    find: 'for (const { endpoint } of ports.intents.open()) {',
    replace: 'for (const { endpoint } of ports.intents.open().slice(0, 0)) {',
  },
];
