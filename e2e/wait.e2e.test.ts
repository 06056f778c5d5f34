import { expect, test } from '@jest/globals';
import type { EndpointJson } from '../api/schemas/endpoint.ts';
import type { EventsJson } from '../api/schemas/event.ts';
import type { NetworkJson } from '../api/schemas/network.ts';
import { call, endpointsSeenBy } from './lab/call.ts';
import { waitFor } from './lab/wait.ts';
import { keysBelow } from './testing/store-keys.ts';
import { tell } from './testing/scene.ts';
import { labName } from './testing/traces.ts';

const rounds = 20;

test('after `attach --wait` a single ping of every other host is answered; who is silent is named', async () => {
  await tell({ name: labName('wait'), hosts: 3, store: 'etcd', underlay: 4 }, async (scene) => {
    await scene.declare('blue', { subnets: ['10.7.0.0/24', 'fd00:7::/64'] });
    const [h1, h3] = [scene.host('h1'), scene.host('h3')];
    for (const host of scene.hosts) await scene.join(host.name, 'c0', 'blue', { wait: true });
    const askers = scene.hosts.filter((host) => host !== h1).map((host) => host.sandbox('c0'));

    const silent: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const { addresses, sandbox } = await scene.join('h1', `r${round}`, 'blue', { wait: true });
      const pings = askers.flatMap((asker) =>
        addresses.map(async (address) => {
          const { reached } = await asker.ping(address);
          if (!reached) silent.push(`${asker.host} -> ${sandbox} ${address}`);
        }),
      );
      await Promise.all(pings);
    }
    expect(silent).toEqual([]);

    const { namespace } = await h1.sandbox('late').ensure();
    const body = { network: 'blue', sandbox: namespace, wait: true };
    const { pid } = h3.agent;
    if (pid === undefined) throw new Error('weftd of h3 does not run');
    process.kill(pid, 'SIGSTOP');
    try {
      const late = await h1.agent.request('POST', '/v1/attach', { ...body, timeout: 1500 });
      expect(late.status).toBe(504);
      const { error } = late.body as { readonly error: { readonly code: string; readonly message: string } };
      expect(error.code).toBe('TIMEOUT');
      expect(error.message).toMatch(
        /is attached to network blue as 10\.7\..*that stands.* by h3 \(no answer\)$/,
      );
      const network = await call<NetworkJson>(h1, 'GET', '/v1/networks/blue?wait=true&timeout=500');
      expect('nodes' in network ? network.nodes : []).toMatchObject([
        { node: 'h1', self: true, state: 'programmed' },
        { node: 'h2', state: 'programmed' },
        { node: 'h3', alive: true, state: 'awaited' },
      ]);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    const again = await call<EndpointJson>(h1, 'POST', '/v1/attach', body);
    expect(again).toMatchObject({ programmed: true, waited: { nodes: ['h2', 'h3'] } });
    const gone = await h1.weft('detach', '--network', 'blue', namespace, '--wait');
    expect(gone).toMatchObject({ code: 0 });
    expect(gone.stdout).toMatch(/^Detached; programmed by h2, h3, [\d.]+ ms after the commit\.\n$/);
    for (const host of scene.hosts) expect(await endpointsSeenBy(host, 'blue')).toHaveLength(rounds + 3);

    const { events } = await call<EventsJson>(h1, 'GET', '/v1/events');
    expect(events.filter(({ kind }) => kind === 'programmed-everywhere')).toHaveLength(rounds + 2);
    const none = async (): Promise<boolean> => (await keysBelow(scene.lab.store, 'waits/')).length === 0;
    await waitFor('the questions to go', none, { within: 5000 });

    const removed = await h1.weft('network', 'rm', 'blue', '--force', '--wait', '-o', 'json');
    expect(removed).toMatchObject({ code: 0 });
    expect(JSON.parse(removed.stdout)).toMatchObject({ state: 'removed', waited: { nodes: ['h2', 'h3'] } });
    for (const host of scene.hosts.slice(1)) expect(host.networkNamespaces()).toEqual([]);
  });
}, 60_000);
