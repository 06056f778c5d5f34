import { request } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import type { EndpointJson } from '../api/schemas/endpoint.ts';
import { decodeEndpoint } from '../kvstore/records/endpoint.ts';
import { call, endpointsSeenBy } from './lab/call.ts';
import type { Host } from './lab/host.ts';
import { waitFor } from './lab/wait.ts';
import { watchPuts } from './testing/first-put.ts';
import { keysBelow } from './testing/store-keys.ts';
import { tell, type Scene } from './testing/scene.ts';
import { labName } from './testing/traces.ts';

const subnets = ['10.7.0.0/24', 'fd00:7::/64'];

interface Failure {
  readonly error: { readonly code: string; readonly message: string };
}

/** `ok`, or the code and the message of the failure. */
async function outcomeOf(host: Host, method: string, path: string, body?: unknown): Promise<string> {
  const answer = await host.agent.request(method, path, body);
  if (answer.status < 300) return 'ok';
  const { code, message } = (answer.body as Failure).error;
  return `${code} ${message}`;
}

/** How much of a start the attach gets, in milliseconds; `done`: all it needs, `after`: none, it comes when the network is gone. */
const starts = ['done', 0, 1, 2, 3, 'after'] as const;

/** Nothing of any network is left: neither in the store nor in a kernel. */
async function expectNothingLeft(scene: Scene): Promise<void> {
  const none = (): boolean => scene.hosts.every((host) => host.networkNamespaces().length === 0);
  await waitFor('the namespaces of the network to go', none, { within: 10_000 });
  const empty = async (): Promise<boolean> => {
    const all = await Promise.all(
      ['net/', 'network-state/', 'networks/', 'vnis/'].map((prefix) => keysBelow(scene.lab.store, prefix)),
    );
    return all.flat().length === 0;
  };
  await waitFor('the keys of the network to go', empty, { within: 10_000 });
}

describe.each(['file', 'etcd'] as const)('on %s', (store) => {
  test('attach races with the removal of the network: one of them wins, and nothing is left over', async () => {
    await tell({ name: labName('rm'), hosts: 2, store, underlay: 4 }, async (scene) => {
      const [h1, h2] = [scene.host('h1'), scene.host('h2')];
      const { namespace } = await h2.sandbox('c1').ensure();
      for (let round = 0; round < 2 * starts.length; round += 1) {
        const start = starts[round % starts.length];
        const query = round < starts.length ? '' : '?wait=true';
        await scene.declare('blue', { subnets });
        const attach = () => outcomeOf(h2, 'POST', '/v1/attach', { network: 'blue', sandbox: namespace });
        const remove = () => outcomeOf(h1, 'DELETE', `/v1/networks/blue${query}`);
        const before = start === 'after' ? await remove() : undefined;
        const attaching = attach();
        if (start === 'done') await attaching;
        else if (typeof start === 'number') await new Promise((resolve) => setTimeout(resolve, start));
        const [attached, removed] = await Promise.all([attaching, before ?? remove()]);
        if (start === 'done') expect(attached).toBe('ok');
        if (start === 'after') expect(removed).toBe('ok');
        if (attached === 'ok') {
          expect(removed).toMatch(/^NETWORK_IN_USE .*c1 \(10\.7\.0\.\d+, fd00:7::[\da-f:]+\) on h2/);
          expect(await endpointsSeenBy(h2, 'blue')).toHaveLength(1);
          await scene.adopt('blue');
          await scene.leave('h2', 'c1', 'blue');
          expect(await remove()).toBe('ok');
        } else {
          expect(attached).toMatch(/^NETWORK_(NOT_FOUND|REMOVING) /);
          expect(removed).toBe('ok');
        }
        await expectNothingLeft(scene);
      }
      expect((await h2.sandbox('c1').mustRun(['ip', '-br', 'link'])).trim().split('\n')).toHaveLength(1);
    });
  }, 120_000);

  test('of eight attaches that race for one address one gets it, and the others are told by whom it is held', async () => {
    await tell({ name: labName('eight'), hosts: 2, store, underlay: 4 }, async (scene) => {
      await scene.declare('blue', { subnets });
      const places = scene.hosts.flatMap((host) => [1, 2, 3, 4].map((n) => ({ host, sandbox: `c${n}` })));
      for (const { host, sandbox } of places) await host.sandbox(sandbox).ensure();
      const wish = { addresses: ['10.7.0.77', 'fd00:7::77'] };
      const results = await Promise.allSettled(
        places.map(({ host, sandbox }) => scene.join(host.name, sandbox, 'blue', wish)),
      );
      const lost = results.flatMap((r) => (r.status === 'rejected' ? [r.reason as unknown] : []));
      expect(results.length - lost.length).toBe(1);
      const winner = results.findIndex((result) => result.status === 'fulfilled');
      const { host, sandbox } = places[winner]!;
      const { namespace } = host.sandbox(sandbox);
      const [{ id } = { id: '' }] = await endpointsSeenBy(host, 'blue');
      // By its name where the node knows it already.
      const by = `is held by endpoint (${id}|netns:${namespace} on node ${host.name})`;
      for (const reason of lost) {
        const message = expect.stringMatching(
          `address 10\\.7\\.0\\.77 ${by}, address fd00:7::77 ${by}$`,
        ) as unknown;
        expect(reason).toMatchObject({ code: 'ADDRESS_TAKEN', message });
      }
      for (const each of scene.hosts) {
        const seen = async (): Promise<boolean> => (await endpointsSeenBy(each, 'blue')).length > 0;
        await waitFor(`${each.name} to know the winner`, seen, { within: 5000 });
        expect(await endpointsSeenBy(each, 'blue')).toMatchObject([
          { node: host.name, sandbox: { key: `netns:${namespace}` } },
        ]);
      }
      // Who lost has nothing in his sandbox but lo.
      for (const [n, place] of places.entries()) {
        const links = await place.host.sandbox(place.sandbox).mustRun(['ip', '-br', 'link']);
        expect([n, links.trim().split('\n').length]).toEqual([n, n === winner ? 2 : 1]);
      }
      const { expected, actual } = await scene.tablesAgree();
      expect(actual).toEqual(expected);
      const claims = await keysBelow(scene.lab.store, `net/${scene.network('blue').id}/claim/`);
      // Two gateways, two addresses, one MAC.
      expect(claims).toHaveLength(5);
    });
  }, 60_000);

  test('an attach repeated after a lost answer, or after a crash, is the same endpoint', async () => {
    await tell({ name: labName('again'), hosts: 2, store, underlay: 4 }, async (scene) => {
      const { id: network } = await scene.declare('blue', { subnets });
      const h1 = scene.host('h1');
      await scene.join('h2', 'c1', 'blue');
      for (const { who, when } of losses) {
        const { namespace } = await h1.sandbox('c1').ensure();
        const body = { network: 'blue', sandbox: namespace };
        await using puts = await watchPuts(scene.lab.store, `net/${network}/endpoint/`);
        const hangUp = await send(h1, body);
        const put = when === 'committed' ? await puts.first() : undefined;
        if (who === 'agent') await h1.agent.kill9();
        await hangUp();
        if (who === 'agent') {
          await h1.agent.start();
          await h1.agent.waitReady();
        }
        const first = await call<EndpointJson>(h1, 'POST', '/v1/attach', body);
        const second = await call<EndpointJson>(h1, 'POST', '/v1/attach', body);
        expect(second).toEqual(first);
        if (put !== undefined)
          expect(identityOf(first)).toEqual(identityOf(decodeEndpoint(put.key, put.value)));
        await scene.join('h1', 'c1', 'blue');
        await scene.settled();
        expect(await scene.wrongPings()).toEqual([]);
        const claims = await keysBelow(scene.lab.store, `net/${network}/claim/`);
        // Two gateways, and for each of the two endpoints two addresses and a MAC.
        expect(claims).toHaveLength(8);
        const { expected, actual } = await scene.tablesAgree();
        expect(actual).toEqual(expected);
        await scene.leave('h1', 'c1', 'blue');
      }
    });
  }, 120_000);
});

/** How the answer to an attach is lost: at once, or when its endpoint is in the store. */
const losses = [
  { who: 'caller', when: 'at once' },
  { who: 'caller', when: 'committed' },
  { who: 'agent', when: 'at once' },
  { who: 'agent', when: 'committed' },
] as const;

const identityOf = ({ id, mac, addresses }: Pick<EndpointJson, 'id' | 'mac' | 'addresses'>): unknown => {
  return { id, mac, addresses: addresses.map((address) => address.replace(/\/.*/, '')) };
};

/** Sends an attach whose answer nobody will read. Returns, once it was sent, what hangs up. */
function send(host: Host, body: unknown): Promise<() => Promise<void>> {
  const headers = { 'content-type': 'application/json' };
  const sent = request({ socketPath: host.agent.socket, method: 'POST', path: '/v1/attach', headers });
  const closed = new Promise<void>((resolve) => sent.once('close', resolve));
  sent.on('error', () => undefined);
  return new Promise((resolve) => {
    sent.end(JSON.stringify(body), () =>
      resolve(() => {
        sent.destroy();
        return closed;
      }),
    );
  });
}
