import { expect, test } from '@jest/globals';
import { node } from '../../kvstore/records/testing/values.ts';
import type { Signs } from '../../linux/kernel.ts';
import type { Ip } from '../../model/ip.ts';
import type { Node, NodeId } from '../../model/node.ts';
import { lifeSign } from './life-signs.ts';

const make = (n: number, ...vteps: readonly string[]): Node => ({
  ...node,
  id: String(n).repeat(16) as NodeId,
  vteps: vteps as readonly Ip[],
});
const [us, two, three, four, five] = [1, 2, 3, 4, 5].map((n) =>
  make(n, `192.0.2.${n}`, `2001:db8::${n}`),
) as [Node, Node, Node, Node, Node];
const gone = make(9, '192.0.2.9', '2001:db8::9');
const silent: Signs = { echo: false, refused: false };
const alive: Signs = { echo: true, refused: false };
const bare: Signs = { echo: true, refused: true };
const firewalled: Signs = { echo: false, refused: true };

/** The answer, and who was asked. */
async function look(
  node: Node,
  answers: Record<string, Signs>,
  living: readonly Node[],
  underlay: 4 | 6 = 4,
) {
  const asked: string[] = [];
  const probe = async (ip: Ip, port: number): Promise<Signs> => {
    asked.push(`${ip} ${port}`);
    return answers[ip] ?? silent;
  };
  const sign = await lifeSign(node, { probe, cluster: { underlay, port: 4789 }, self: us.id, living });
  return { sign, asked };
}

test.each<[string, Signs, boolean | undefined]>([
  ['that answers and has the port is unmanaged', alive, true],
  ['that answers and refuses the port is gone', bare, undefined],
  ['that is silent is gone', silent, undefined],
  ['that only refuses the port is gone', firewalled, undefined],
])('a machine %s', async (_, signs, unmanaged) => {
  const { sign } = await look(gone, { '192.0.2.9': signs, '192.0.2.2': bare }, [us, two]);
  expect(sign?.unmanaged).toBe(unmanaged);
});

test('it is asked at its VTEP of the family of the tunnels, and at their port', async () => {
  const { asked, sign } = await look(gone, { '2001:db8::9': alive }, [us, two], 6);
  expect(asked).toEqual(['2001:db8::9 4789']);
  expect(sign?.why).toContain('2001:db8::9');
});

test('silence counts as soon as one live node answers; three are asked at most', async () => {
  const others = [us, two, three, four, five];
  expect((await look(gone, { '192.0.2.3': alive }, others)).asked).toHaveLength(3);
  expect((await look(gone, { '192.0.2.3': alive }, others)).sign).toBeUndefined();
  const { sign, asked } = await look(gone, { '192.0.2.5': alive }, others);
  expect(sign).toEqual({ unmanaged: false, why: expect.stringContaining('192.0.2.2, 192.0.2.3, 192.0.2.4') });
  expect(asked).toHaveLength(4);
});

test('without another live node silence has to do', async () => {
  expect((await look(gone, {}, [us])).sign).toBeUndefined();
});

test.each([
  ['whose address a live node has', gone, [us, make(7, '192.0.2.9')]],
  ['without an address of the family', make(9, '2001:db8::9'), [us, two]],
])('a node %s is not asked', async (_, node, living) => {
  expect(await look(node, { '192.0.2.9': alive }, living)).toEqual({ sign: undefined, asked: [] });
});
