import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { EndpointJson } from '../api/schemas/endpoint.ts';
import type { StatusJson } from '../api/schemas/status.ts';
import { call } from './lab/call.ts';
import type { Host } from './lab/host.ts';
import { parseTrace } from './lab/kernel-writes.ts';
import type { Sandbox } from './lab/sandbox.ts';
import { waitFor } from './lab/wait.ts';
import { Keyboard } from './testing/keyboard.ts';
import { tell } from './testing/scene.ts';
import { labName } from './testing/traces.ts';

/** The default routes of a sandbox, of both families, as `via` and interface. */
async function defaults(sandbox: Sandbox): Promise<readonly string[]> {
  const lists = await Promise.all(
    ['-4', '-6'].map(async (family) => sandbox.mustRun(['ip', '-j', family, 'route', 'show', 'default'])),
  );
  const rows = lists.flatMap((text) => JSON.parse(text) as readonly { gateway: string; dev: string }[]);
  return rows.map(({ gateway, dev }) => `${gateway} ${dev}`);
}

async function expectDefaults(sandbox: Sandbox, wanted: readonly string[]): Promise<void> {
  const isSo = async (): Promise<boolean> => (await defaults(sandbox)).join() === wanted.join();
  await waitFor('the default routes', isSo, { within: 3000 }).catch(() => undefined);
  expect(await defaults(sandbox)).toEqual(wanted);
}

/** Who says that nothing leads to an address that no network has. */
async function whoRefuses(sandbox: Sandbox): Promise<readonly (string | undefined)[]> {
  return Promise.all(
    ['198.51.100.1', '2001:db8:ffff::1'].map(async (address) => {
      const { stdout } = await sandbox.run(['ping', '-n', '-c1', '-W2', address]);
      return /^From (\S+?):? icmp_seq=1 Destination (Net Unreachable|unreachable: No route)/m.exec(
        stdout,
      )?.[1];
    }),
  );
}

const inBlue = ['10.7.0.1 eth0', 'fd00:7::1 eth0'];
const inGreen = ['10.8.0.1 eth1', 'fd00:8::1 eth1'];
const traceOf = (host: Host): string => join(host.directory, 'trace');

test('a sandbox in two networks reaches both; its default route moves with the priorities, and over nothing else', async () => {
  await tell({ name: labName('sandboxes'), hosts: 2, store: 'etcd', underlay: 4 }, async (scene) => {
    const [h1, h2] = [scene.host('h1'), scene.host('h2')];
    const keyboard = new Keyboard({});
    await scene.declare('blue', { subnets: ['10.7.0.0/24', 'fd00:7::/64'] });
    await scene.declare('green', { subnets: ['10.8.0.0/24', 'fd00:8::/64'] });
    const far = [await scene.join('h2', 'c1', 'blue'), await scene.join('h2', 'c2', 'green')];
    const c1 = await h1.sandbox('c1').ensure();
    const reachesAll = async (): Promise<readonly boolean[]> =>
      Promise.all(far.flatMap(({ addresses }) => addresses.map(async (ip) => (await c1.ping(ip)).reached)));
    const attach = (network: string, ...flags: readonly string[]): Promise<EndpointJson> =>
      keyboard.json(h1, ['weft attach --network', network, c1.namespace, ...flags].join(' '));

    await attach('blue', '--route-priority 10', '--alias www --alias static');
    expect(await defaults(c1)).toEqual(inBlue);
    expect(await whoRefuses(c1)).toEqual(['10.7.0.1', 'fd00:7::1']);
    // A second network while it runs, which is to be the first choice.
    await attach('green', '--route-priority 20', '--alias www');
    await expectDefaults(c1, inGreen);
    expect(await whoRefuses(c1)).toEqual(['10.8.0.1', 'fd00:8::1']);
    await scene.settled();
    expect(await reachesAll()).toEqual([true, true, true, true]);
    const shown = await keyboard.type(h2, 'weft endpoint ls');
    expect(shown).toMatch(/^blue +- +www static /m);
    expect(shown).toMatch(/^green +- +www /m);

    // Nobody else in these networks got a route, and a restart writes nothing.
    expect(await defaults(h2.sandbox('c1'))).toEqual([]);
    await h1.agent.kill9();
    await h1.agent.start({ trace: traceOf(h1) });
    await h1.agent.waitReady();
    expect(parseTrace(readFileSync(traceOf(h1), 'utf8')).writes).toEqual([]);
    expect(await defaults(c1)).toEqual(inGreen);

    // Ours is put back; somebody else's is not touched, but named, and ours comes when it has gone.
    await c1.mustRun(['ip', 'route', 'del', 'default']);
    await expectDefaults(c1, inGreen);
    const foreign = ['default', 'via', '10.7.0.77', 'dev', 'eth0'];
    await c1.mustRun(['ip', 'route', 'replace', ...foreign]);
    const isNamed = async (): Promise<boolean> =>
      (await call<StatusJson>(h1, 'GET', '/v1/status')).problems.some(({ why }) => why.includes('10.7.0.77'));
    await waitFor('status to name the other route', isNamed, { within: 5000 });
    expect(await defaults(c1)).toEqual(['10.7.0.77 eth0', inGreen[1]]);
    await c1.mustRun(['ip', 'route', 'del', ...foreign]);
    await waitFor('ours to be back', async () => (await defaults(c1)).join() === inGreen.join(), {
      within: 15_000,
    });
    await waitFor('status to be well', async () => !(await isNamed()), { within: 5000 });

    // Detached while it runs, the other one gives it, and still reaches everybody in it.
    await keyboard.type(h1, `weft detach --network green ${c1.namespace}`);
    await expectDefaults(c1, inBlue);
    expect(await reachesAll()).toEqual([true, true, false, false]);
    // And back, by another priority of the one that stayed.
    await attach('green', '--route-priority 10');
    expect(await defaults(c1)).toEqual(inBlue);
    await attach('blue', '--route-priority 1');
    await expectDefaults(c1, inGreen);
    await attach('green', '--route-priority 0');
    await expectDefaults(c1, inBlue);
    await attach('blue', '--route-priority 0');
    await expectDefaults(c1, []);
    expect(await keyboard.type(h1, 'weft debug plan')).not.toMatch(/^[^#\n]/m);
    for (const network of ['blue', 'green'])
      await keyboard.type(h1, `weft detach --network ${network} ${c1.namespace}`);
    expect(await c1.mustRun(['ip', '-o', 'link'])).not.toContain('eth');
  });
}, 60_000);
