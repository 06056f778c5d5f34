import { expect, test } from '@jest/globals';
import type { EndpointJson } from '../api/schemas/endpoint.ts';
import type { EventsJson } from '../api/schemas/event.ts';
import type { NodeJson } from '../api/schemas/node.ts';
import type { StatusJson } from '../api/schemas/status.ts';
import { call, endpointsSeenBy } from './lab/call.ts';
import { startFlow } from './lab/flow.ts';
import type { Host } from './lab/host.ts';
import { waitFor } from './lab/wait.ts';
import { tell, type Scene } from './testing/scene.ts';
import { labName } from './testing/traces.ts';

const patience = { within: 20_000, every: 50 };

const nodeSeenBy = async (host: Host, name: string): Promise<NodeJson | undefined> =>
  (await call<readonly NodeJson[]>(host, 'GET', '/v1/nodes')).find((node) => node.name === name);

const collections = async (host: Host): Promise<number> =>
  (await call<EventsJson>(host, 'GET', '/v1/events')).events.filter(({ kind }) => kind === 'node-collected')
    .length;

async function until(host: Host, name: string, state: NodeJson['state'] | 'unknown'): Promise<void> {
  const look = async (): Promise<boolean> => ((await nodeSeenBy(host, name))?.state ?? 'unknown') === state;
  await waitFor(`${name} to be ${state} for ${host.name}`, look, patience);
}

async function untilOwn(
  host: Host,
  what: string,
  holds: (own: readonly EndpointJson[]) => boolean,
): Promise<void> {
  const look = async (): Promise<boolean> =>
    holds((await endpointsSeenBy(host)).filter((endpoint) => endpoint.local));
  await waitFor(`${what} on ${host.name}`, look, patience);
}

/** The host dies as a machine does: its agent is killed and its cable is out. */
async function kill(host: Host): Promise<void> {
  await host.cable('down');
  await host.agent.kill9();
}

async function revive(host: Host): Promise<void> {
  await host.cable('up');
  await host.agent.start();
  await host.agent.waitReady();
}

test('a dead node is collected once, and what it had is free; its return puts it back, or in conflict', async () => {
  const settings = { deadNodeGrace: '2s' };
  const wish = {
    name: labName('dead'),
    hosts: 3,
    store: 'etcd',
    underlay: 4,
    leaseTtl: '2s',
    settings,
  } as const;
  await tell(wish, async (scene) => {
    const [h1, h2, h3] = ['h1', 'h2', 'h3'].map((name) => scene.host(name)) as [Host, Host, Host];
    await scene.declare('blue', { subnets: ['10.7.0.0/24', 'fd00:7::/64'] });
    for (const host of ['h1', 'h2', 'h3']) await scene.join(host, 'c1', 'blue');
    await scene.join('h3', 'c2', 'blue', { addresses: ['10.7.0.50'] });
    await scene.settled();

    await keptWhileUnmanaged(scene, h1, h3);

    // Now the machine as such: its agent is dead already.
    await h3.cable('down');
    for (const host of [h1, h2]) await until(host, 'h3', 'unknown');
    expect((await collections(h1)) + (await collections(h2))).toBe(1);
    expect((await endpointsSeenBy(h1)).map((e) => e.node).toSorted()).toEqual(['h1', 'h2']);
    const lost = scene.member('h3', 'c2');
    await scene.join('h1', 'heir', 'blue', { addresses: ['10.7.0.50'] });

    await revive(h3);
    await untilOwn(h3, 'both endpoints', (own) => {
      const settled = own.filter((e) => e.sandbox.path.endsWith('c1') === (e.state === 'active'));
      return settled.length === 2;
    });
    const conflict = (await endpointsSeenBy(h3)).find((e) => e.state === 'conflict');
    expect(conflict?.mac).toBe(lost.mac);
    expect(conflict?.conflictWith).toContain('on node h1 (address 10.7.0.50');
    const link = await h3.sandbox('c2').mustRun(['ip', '-br', 'address', 'show', 'eth0']);
    expect(link).not.toMatch(/ UP |10\.7\.0\.50/);
    expect((await h2.sandbox('c1').ping('10.7.0.50')).reached).toBe(true);
    const { problems } = await call<StatusJson>(h3, 'GET', '/v1/status');
    expect(problems.map((p) => p.why)).toEqual([expect.stringContaining('its port is down')]);
    const { warnings } = await call<StatusJson>(h1, 'GET', '/v1/status');
    expect(warnings.map((w) => w.why)).toEqual([expect.stringContaining('on node h3')]);
    await scene.leave('h3', 'c2', 'blue');
    await scene.settled();
    expect(await scene.wrongPings()).toEqual([]);
    const { expected, actual } = await scene.tablesAgree();
    expect(actual).toEqual(expected);

    await minorityCollectsNothing(h1, h2, h3);
    await scene.settled();
    expect(await scene.wrongPings()).toEqual([]);
  });
}, 120_000);

/** The agent alone is killed: nothing of its traffic is lost, and nobody takes anything away. */
async function keptWhileUnmanaged(scene: Scene, h1: Host, h3: Host): Promise<void> {
  const [from, to] = [scene.member('h1', 'c1'), scene.member('h3', 'c1')];
  await using flow = await startFlow(from.path, to.addresses[0]!);
  // What it knows is on its disk after a few seconds: time that is measured by the traffic.
  await waitFor('its last view to be kept', () => flow.received > 450, patience);
  await h3.agent.kill9();
  await until(h1, 'h3', 'unmanaged');
  const { lost, sent } = await flow.stop();
  expect(lost).toEqual([]);
  expect(sent).toBeGreaterThan(200);
  expect(await endpointsSeenBy(h1)).toHaveLength(4);
}

/** Two of three are gone: the third one keeps everything, until one is back and they are enough. */
async function minorityCollectsNothing(h1: Host, h2: Host, h3: Host): Promise<void> {
  const before = await collections(h1);
  await kill(h2);
  await h3.cable('down');
  const kept = async (): Promise<boolean> => {
    const [two, three] = await Promise.all([nodeSeenBy(h1, 'h2'), nodeSeenBy(h1, 'h3')]);
    return [two, three].every((node) => node?.why?.startsWith('only 1 of 3 nodes are alive') === true);
  };
  await waitFor('h1 to say why it keeps both', kept, patience);
  expect(await endpointsSeenBy(h1)).toHaveLength(4);
  expect(await collections(h1)).toBe(before);
  await revive(h2);
  await until(h1, 'h3', 'unknown');
  // It was only cut off, and its agent lives: it comes back by itself.
  await h3.cable('up');
  await until(h1, 'h3', 'alive');
  await untilOwn(h3, 'its endpoint', (own) => own.some((e) => e.state === 'active' && e.programmed));
}
