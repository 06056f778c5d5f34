import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { adoptions } from '../../linux/adoption.ts';
import { networkScope, type SandboxScope } from '../../linux/objects/scope.ts';
import { FreshNode } from '../../linux/testing/fresh-node.ts';
import type { Family } from '../../model/ip.ts';
import type { NetworkId } from '../../model/network.ts';
import {
  hands,
  hands6,
  placeholders,
  type Command,
  type Hand,
  type Place,
} from './testing/adoption-hands.ts';
import { DriftScene } from './testing/drift-scene.ts';
import { picture } from './testing/picture.ts';

const id = '00000000000000b2' as NetworkId;
const scope = networkScope(id);
/** What some builds of the kernel do not have. */
const mayBeMissing = ['bridge vlan_filtering', 'port vlan_tunnel'];

/** A node whose network is as it should be; nobody hears notices: what a pass finds is what an agent finds that starts. */
class Stage implements AsyncDisposable {
  readonly node: FreshNode;
  readonly sandbox: SandboxScope;
  readonly elsewhere: SandboxScope;
  readonly scene: DriftScene;

  private constructor(node: FreshNode, underlay: Family) {
    this.node = node;
    this.sandbox = node.sandbox();
    this.elsewhere = node.sandbox();
    const wish = { kernel: node.kernel, id, remote: 3, underlay, listens: false };
    this.scene = new DriftScene({ ...wish, sandboxes: [node.pathOf(this.sandbox)] });
  }

  static async open(underlay: Family): Promise<Stage> {
    const stage = new Stage(await FreshNode.open(), underlay);
    await stage.scene.pass();
    return stage;
  }

  run([place, ...argv]: Command): string {
    const paths = [
      [placeholders.network, this.node.pathOf(scope)],
      [placeholders.elsewhere, this.node.pathOf(this.elsewhere)],
    ] as const;
    const [program = '', ...args] = argv.map(
      (word) => paths.find(([placeholder]) => placeholder === word)?.[1] ?? word,
    );
    if (place === 'node') return this.node.node.run(program, ...args);
    return this.node.run(place === 'network' ? scope : this.sandbox, program, ...args);
  }

  /** Indexes of the devices by namespace and name. */
  indexes(): ReadonlyMap<string, number> {
    const of = (place: Exclude<Place, 'node'>): readonly (readonly [string, number])[] => {
      const links = JSON.parse(this.run([place, 'ip', '-j', 'link'])) as {
        ifname: string;
        ifindex: number;
      }[];
      return links.map(({ ifname, ifindex }) => [`${place} ${ifname}`, ifindex]);
    };
    return new Map([...of('network'), ...of('sandbox')]);
  }

  picture(): readonly string[] {
    return picture(this.node, scope, this.sandbox);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scene.close();
    await this.node[Symbol.asyncDispose]();
  }
}

/** A pair goes as a whole. */
const goesToo = (device: Hand['device']): readonly string[] => {
  if (device === undefined) return [];
  const name = device.join(' ');
  const pair = ['network v000000000000', 'sandbox eth0'];
  return pair.includes(name) ? pair : [name];
};

const all = adoptions.map(({ of, attribute, how }) => [`${of} ${attribute}`, how] as const);

describe.each([
  [4, hands],
  [6, hands6],
] as const)('with tunnels over IPv%d, what an earlier life has left otherwise', (underlay, byName) => {
  let stage: Stage;
  let before: readonly string[];
  beforeAll(async () => {
    stage = await Stage.open(underlay);
    before = stage.picture();
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  const rows = all.filter(([name]) => name in byName);

  test.each(rows)(
    'is as it should be after one pass, and nothing else is touched: %s, %s',
    async (name, how) => {
      const hand = byName[name]!;
      const indexes = stage.indexes();
      try {
        for (const command of hand.commands) stage.run(command);
      } catch (error) {
        expect([name, String(error)]).toEqual([name, expect.stringMatching(/not supported|Unknown/)]);
        expect(mayBeMissing).toContain(name);
        return;
      }
      // A device that gets another MAC forgets its neighbours, whose ever it is.
      if (how !== 'left alone') expect(await stage.scene.planNow()).not.toEqual([]);
      await stage.scene.pass();
      for (const command of hand.undo ?? []) stage.run(command);
      expect(stage.scene.failures).toEqual([]);
      expect(stage.picture()).toEqual(before);
      expect(await stage.scene.planNow()).toEqual([]);
      const now = stage.indexes();
      const replaced = [...indexes].filter(([device, index]) => now.get(device) !== index);
      const expected = how === 'replace' ? goesToo(hand.device) : [];
      expect([name, replaced.map(([device]) => device).toSorted()]).toEqual([name, expected]);
      if (how === 'left alone')
        expect(stage.run(['network', 'ip', 'link'])).toContain(hand.commands[0]!.at(-1));
    },
  );
});

test('there is a hand for every row, and a row for every hand', () => {
  const names = [...new Set([...Object.keys(hands), ...Object.keys(hands6)])];
  expect(names.toSorted()).toEqual(all.map(([name]) => name).toSorted());
});
