import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { CheckedJson } from '../api/schemas/address.ts';
import type { DebugViewJson } from '../api/schemas/debug.ts';
import type {
  AcceptedNetworkJson,
  AppliedNetworkJson,
  NetworkChangeJson,
  PlannedNetworkJson,
} from '../api/schemas/network.ts';
import { WeftError } from '../model/errors.ts';
import { call } from './lab/call.ts';
import { parseTrace } from './lab/kernel-writes.ts';
import { mustRunIn } from './lab/netns.ts';
import { tell, type Scene } from './testing/scene.ts';
import { labName } from './testing/traces.ts';
import { Traffic } from './testing/traffic.ts';

type Declaration = Readonly<Record<string, unknown>>;

/** Applied, and programmed by every node that takes part. */
async function grow(scene: Scene, host: string, declaration: Declaration): Promise<AppliedNetworkJson> {
  const path = '/v1/networks/blue?wait=true&timeout=15000';
  const applied = await call<AppliedNetworkJson>(scene.host(host), 'PUT', path, declaration);
  await scene.adopt('blue');
  return applied;
}

async function plan(scene: Scene, declaration: Declaration): Promise<NetworkChangeJson> {
  const wish = { networks: [{ name: 'blue', declaration }] };
  const [plan] = await call<readonly PlannedNetworkJson[]>(scene.host('h3'), 'POST', '/v1/plan', wish);
  if (plan === undefined) throw new Error('no plan');
  if (plan.outcome === 'failed') throw new WeftError(plan.error.code, plan.error.message);
  return plan;
}

/** What the machine asks for names, as somebody else would read it. */
function nameServers(): readonly string[] {
  const words = readFileSync('/etc/resolv.conf', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const servers = words.filter(([first]) => first === 'nameserver').map(([, server = '']) => server);
  return servers.filter((server) => !/^127\.|^::1$|^fe80/.test(server)).toSorted();
}

test("a network without a subnet has one, and gets more under traffic on three hosts; what nodes have is in nobody's", async () => {
  await tell({ name: labName('growth'), hosts: 3, store: 'file', underlay: 4 }, async (scene) => {
    const blue = await scene.declare('blue', { ipv6: true });
    const [four, six] = blue.subnets;
    expect(four?.cidr).toBe('10.64.0.0/24');
    expect(six?.cidr).toMatch(/^fd[0-9a-f:]+::\/64$/);
    for (const host of ['h1', 'h2', 'h3']) await scene.join(host, 'c1', 'blue');
    await scene.settled();
    await using traffic = await Traffic.start(scene.members, 'once');

    // What would come of it, beforehand, and then it comes, on every node at once.
    const router = { cidr: '10.64.0.0/24', auxiliary: { router: '10.64.0.254' } };
    const more = { subnets: [router, six?.cidr, '10.9.0.0/24', 'fd00:9::/64'], labels: { grown: 'yes' } };
    const planned = await plan(scene, more);
    expect(planned.nodes).toEqual(['h1', 'h2', 'h3']);
    expect(planned.endpoints.map(({ node }) => node)).toEqual(['h1', 'h2', 'h3']);
    const { outcome, network, waited } = await grow(scene, 'h2', more);
    expect([outcome, waited?.nodes]).toEqual(['changed', ['h1', 'h3']]);
    expect((network as AcceptedNetworkJson).subnets).toEqual(planned.after.subnets);
    await traffic.goesOn(20);
    for (const [i, host] of ['h1', 'h2', 'h3'].entries())
      await scene.join(host, 'c2', 'blue', { addresses: [`10.9.0.${i + 10}`, `fd00:9::${i + 10}`] });
    await scene.settled();
    const { expected, actual } = await scene.tablesAgree();
    expect(actual).toEqual(expected);
    // Those that were there before and those of the new subnets, by the gateways that came meanwhile.
    expect(await scene.wrongPings()).toEqual([]);

    // Labels touch nobody; an address that somebody has cannot be kept, and one that is kept is had by nobody.
    const plain = { ...more, labels: {} };
    expect(await plan(scene, plain)).toMatchObject({ outcome: 'changed', endpoints: [], nodes: [] });
    const taken = scene.member('h2', 'c1').addresses[0];
    const greedy = { ...plain, subnets: [{ ...router, auxiliary: { r: taken } }, ...more.subnets.slice(1)] };
    const why = `auxiliary address r \\(${taken}\\) of network blue cannot be kept: endpoint .* on node h2 has it`;
    for (const refused of [plan(scene, greedy), grow(scene, 'h1', greedy)])
      await expect(refused).rejects.toMatchObject({
        code: 'NETWORK_REFUSED',
        message: expect.stringMatching(why) as unknown,
      });
    await expect(scene.join('h3', 'c3', 'blue', { addresses: ['10.64.0.254'] })).rejects.toMatchObject({
      code: 'ADDRESS_TAKEN',
    });
    await grow(scene, 'h1', { ...plain, subnets: ['10.64.0.0/24', ...more.subnets.slice(1)] });
    await scene.join('h3', 'c3', 'blue', { addresses: ['10.64.0.254'] });
    await scene.settled();
    expect(await scene.wrongPings()).toEqual([]);
    const { pings } = await traffic.stop();
    expect(pings.filter(({ result }) => result.lost.length > 0)).toEqual([]);

    // What a node has beside its routes is published when it starts, and belongs to no network.
    const h3 = scene.host('h3');
    await mustRunIn(h3.path, ['ip', 'addr', 'add', '203.0.113.7/32', 'dev', 'lo']);
    const trace = join(h3.directory, 'trace');
    await h3.agent.restart({ trace });
    await scene.settled();
    expect(parseTrace(readFileSync(trace, 'utf8')).writes).toEqual([]);
    const { records } = await call<DebugViewJson>(scene.host('h1'), 'GET', '/v1/debug/view?limit=1000');
    const nodes = records.filter(({ key }) => key.startsWith('nodes/')).map(({ value }) => value);
    const told = { nameServers: nameServers(), routes: ['192.0.2.0/24'] };
    expect(nodes.map((node) => (node as { readonly name: string }).name).toSorted()).toEqual([
      'h1',
      'h2',
      'h3',
    ]);
    for (const node of nodes) expect(node).toMatchObject(told);
    expect(nodes).toContainEqual(expect.objectContaining({ name: 'h3', addresses: ['203.0.113.7'] }));
    for (const [subnet, what] of [
      ['203.0.113.0/24', 'address 203.0.113.7 of node h3'],
      ['192.0.2.128/25', 'route 192.0.2.0/24 of node h'],
      ['10.64.0.128/25', '10.64.0.0/24 of network blue'],
    ])
      await expect(call(scene.host('h1'), 'PUT', '/v1/networks/red', { subnets: [subnet] })).rejects.toThrow(
        `subnet ${subnet} overlaps ${what}`,
      );
    await scene.declare('red', { subnets: ['203.0.113.0/24'], allowOverlap: true });
    expect(await call<CheckedJson>(h3, 'POST', '/v1/addresses/check', { fix: false })).toMatchObject({
      findings: [],
    });
  });
}, 120_000);
