import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { binDirectory } from './lab/agent-process.ts';
import { endpointsSeenBy } from './lab/call.ts';
import type { Host } from './lab/host.ts';
import type { Lab } from './lab/lab.ts';
import type { Outcome } from './lab/run.ts';
import { waitFor } from './lab/wait.ts';
import { tell, type Scene } from './testing/scene.ts';
import { labName } from './testing/traces.ts';

/** What somebody types on a host, how it has to end, and what a stranger has to read. */
type Mistake = readonly [line: string, code: number, ...told: readonly string[]];

const mistakes: readonly Mistake[] = [
  // Words of the command line.
  ['weft', 2, 'Usage'],
  ['weft netwrok ls', 2, 'netwrok'],
  ['weft network', 2, 'create'],
  ['weft network ls --colour', 2, '--colour'],
  ['weft network ls -o xml', 2, 'json'],
  ['weft attach --network blue', 2, 'sandbox'],
  // Declarations.
  ['weft network create wide --subnet 10.9.0.0/33', 2, '10.9.0.0/33'],
  ['weft network create host --subnet 10.9.0.7/24', 2, '10.9.0.0/24'],
  ['weft network create a/b --subnet 10.9.0.0/24', 2, 'a/b'],
  ['weft network create .. --subnet 10.9.0.0/24', 2, '".."'],
  ['weft network create none --no-ipv4', 2, 'needs a subnet'],
  ['weft network create gate --gateway 10.9.0.1', 2, '--subnet'],
  ['weft network pools --set 10.0.0.0/8', 2, '10.0.0.0/8', 'base='],
  [
    'weft network pools --set base=10.64.0.0/11,size=24 --set base=10.65.0.0/16,size=26',
    2,
    'base=10.64.0.0/11',
    'base=10.65.0.0/16',
  ],
  [`echo '{"name":"c","subnets":"10.9.0.0/24"}' | weft network apply -f -`, 2, '["10.9.0.0/24"]'],
  ['weft network edit nowhere', 4, 'nowhere'],
  ['env -u VISUAL -u EDITOR weft network edit blue', 2, 'there is no terminal'],
  [
    'weft network create twice --subnet 10.9.0.0/24 --subnet 10.9.0.128/25',
    2,
    '10.9.0.0/24',
    '10.9.0.128/25',
  ],
  ['weft network create gate --subnet 10.9.0.0/24 --gateway 10.8.0.1', 2, '10.8.0.1'],
  ['weft network create vni --subnet 10.9.0.0/24 --vni 99999999', 2, '99999999'],
  ['weft network create mtu --subnet 10.9.0.0/24 --mtu 12', 2, 'mtu', '12'],
  ['weft network create over --subnet 10.7.0.0/16', 5, 'blue', '10.7.0.0/24'],
  ['weft network create blue --subnet 10.9.0.0/24', 5, 'blue'],
  [`echo '{"name":"c","subnets":["10.9.0.0/24"],"colour":"red"}' | weft network apply -f -`, 2, 'colour'],
  [
    `echo '{"name":"c","port":4790}' | weft network apply -f -`,
    2,
    'port: cannot be declared',
    'one UDP port',
  ],
  [`echo '{"name":"c","vni":99999999}' | weft network apply -f - --dry-run`, 2, 'c: ', '99999999'],
  [`echo 'name: [' | weft network apply -f -`, 2],
  ['weft network apply -f /nowhere.yaml', 2, '/nowhere.yaml'],
  // Networks and endpoints that are not there.
  ['weft network inspect red', 4, 'red'],
  ['weft network rm red', 4, 'red'],
  ['weft endpoint inspect nobody', 4, 'nobody'],
  ['weft attach --network red SANDBOX', 4, 'red'],
  ['weft detach --network red SANDBOX', 4, 'red'],
  ['weft network rm blue', 5, 'h1', '10.7.0.5', '--force'],
  // Sandboxes.
  ['weft attach --network blue nowhere', 2, 'nowhere', '/run/netns'],
  ['weft attach --network blue /etc/hostname', 2, '/etc/hostname', 'namespace'],
  ['weft attach --network blue /proc/self/ns/mnt', 2, '/proc/self/ns/mnt', 'namespace'],
  ['weft attach --network blue 4194303', 2, '4194303'],
  ['weft attach --network blue a..b/../c', 2],
  // Addresses.
  ['weft attach --network blue SANDBOX --ip 10.9.0.9', 2, '10.9.0.9', '10.7.0.0/24'],
  ['weft attach --network blue SANDBOX --ip 10.7.0.5', 5, '10.7.0.5', 'blue'],
  ['weft attach --network blue SANDBOX --ip 10.7.0.1', 5, '10.7.0.1', 'gateway'],
  ['weft attach --network blue SANDBOX --ip 10.7.0.0', 2, '10.7.0.0'],
  ['weft attach --network blue SANDBOX --ip 10.7.0', 2, '10.7.0'],
  ['weft attach --network blue SANDBOX --mac 01:00:5e:00:00:01', 2, 'multicast'],
  ['weft attach --network blue SANDBOX --interface seventeen-letters', 2, 'seventeen-letters'],
  ['weft attach --network blue SANDBOX --interface lo', 5, 'lo'],
  // Running a command.
  ['weft run --network red -- true', 125, 'red'],
  ['weft run --network blue -- /nowhere/program', 127, '/nowhere/program'],
  ['weft run --network blue', 125, 'command'],
  // Nobody at home.
  ['weft --socket /nowhere/weftd.sock network ls', 3, '/nowhere/weftd.sock', 'weftd'],
  ['WEFT_SOCKET=/etc/hostname weft status', 3, '/etc/hostname'],
];

describe('on one host, a mistake in every command', () => {
  test('ends with its code and says what is wrong, and nothing is changed', async () => {
    await tell({ name: labName('bad'), hosts: 2, store: 'file', underlay: 4 }, async (scene) => {
      await scene.declare('blue', { subnets: ['10.7.0.0/24', 'fd00:7::/64'] });
      await scene.join('h1', 'c1', 'blue', { addresses: ['10.7.0.5'] });
      await scene.join('h2', 'c1', 'blue');
      await scene.settled();
      const host = scene.host('h2');
      const { namespace } = await host.sandbox('fresh').ensure();
      const problems: string[] = [];
      for (const [line, code, ...told] of mistakes) {
        const outcome = await host.run(['sh', '-c', line.replace('SANDBOX', namespace)]);
        const said = outcome.stderr + outcome.stdout;
        const missing = told.filter((word) => !said.includes(word));
        const noisy = said.includes('    at ') || outcome.stderr.trim() === '';
        if (outcome.code !== code || missing.length > 0 || noisy)
          problems.push(
            `${line}\n  ended with ${outcome.code}, not ${code}; missing: ${missing.join(', ')}\n  ${said}`,
          );
      }
      expect(problems.join('\n')).toBe('');
      expect((await host.sandbox('fresh').mustRun(['ip', '-br', 'link'])).trim().split('\n')).toHaveLength(1);
      const networks = await host.weft('network', 'ls', '-o', 'json');
      expect((JSON.parse(networks.stdout) as readonly { name: string }[]).map((n) => n.name)).toEqual([
        'blue',
      ]);
      expect(await endpointsSeenBy(host)).toHaveLength(2);
      const { expected, actual } = await scene.tables();
      expect(actual).toEqual(expected);
      expect(await scene.wrongPings()).toEqual([]);
    });
  }, 120_000);
});

/** Starts a weftd in the foreground on a host that runs none, and waits for its end. */
function weftd(host: Host, ...args: readonly string[]): Promise<Outcome> {
  return host.run([join(binDirectory, 'weftd'), '--config', configOf(host), ...args], { within: 20_000 });
}

const configOf = (host: Host): string => join(host.directory, 'weftd.yaml');

describe('an agent that cannot start', () => {
  test('says why and ends with its code; the others do not notice', async () => {
    await tell({ name: labName('start'), hosts: 2, store: 'file', underlay: 4 }, async (scene) => {
      await scene.declare('blue', { subnets: ['10.7.0.0/24'] });
      for (const host of scene.hosts) await scene.join(host.name, 'c1', 'blue');
      await scene.settled();
      const [h1, h2] = [scene.host('h1'), scene.host('h2')];
      const twice = await weftd(h2);
      expect(twice).toMatchObject({ code: 5, stderr: expect.stringContaining(h2.directory) });
      await h2.agent.stop();
      const expectEnd = async (code: number, told: readonly string[], ...args: string[]): Promise<void> => {
        const outcome = await weftd(h2, ...args);
        expect([args, outcome.code, outcome.stderr]).toEqual([
          args,
          code,
          expect.stringContaining(told[0] ?? ''),
        ]);
        for (const word of told) expect(outcome.stderr).toContain(word);
        expect(outcome.stderr).not.toContain('    at ');
      };
      const fresh = join(h2.directory, 'fresh');
      await expectEnd(5, ['name h1', h1.name, '--name'], '--name', 'h1', '--state-dir', fresh);
      await expectEnd(5, ['port', '4789', '4790'], '--port', '4790');
      await expectEnd(2, ['eth9', 'eth1'], '--advertise', 'eth9');
      await expectEnd(2, ['192.0.2.77', h2.address], '--advertise', '192.0.2.77');
      await expectEnd(2, ['redis://', 'etcd://', 'file://'], '--store', 'redis://127.0.0.1');
      await expectEnd(2, ['--colour'], '--colour');
      await expectEnd(2, ['port', '70000'], '--port', '70000');
      writeFileSync(join(h2.directory, 'bad.yaml'), 'store: 5\ncolour: red\n');
      await expectEnd(2, ['colour', 'bad.yaml'], '--config', join(h2.directory, 'bad.yaml'));

      // A machine that was cloned: the same node id, alive on both.
      const copy = join(h2.directory, 'cloned');
      mkdirSync(copy);
      copyFileSync(join(h1.directory, 'state', 'node.json'), join(copy, 'node.json'));
      await expectEnd(5, ['node id', 'h2'], '--state-dir', copy);

      await h2.agent.start();
      await h2.agent.waitReady();
      await scene.settled();
      expect(await scene.wrongPings()).toEqual([]);
    });
  }, 90_000);

  test('without the rights of root it says which are missing', async () => {
    const poor = ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--'] as const;
    await tell({ name: labName('poor'), hosts: 1, store: 'file', underlay: 4 }, async (scene) => {
      const [host] = scene.hosts;
      await host!.agent.stop();
      const outcome = await host!.run([...poor, join(binDirectory, 'weftd'), '--config', configOf(host!)]);
      expect(outcome.code).toBe(6);
      expect(outcome.stderr).toContain('CAP_NET_ADMIN');
    });
  }, 60_000);
});

test('a store that is away at the start may come later', async () => {
  await tell({ name: labName('late'), hosts: 2, store: 'etcd', underlay: 4 }, async (scene) => {
    await comeLater(scene, scene.lab);
  });
}, 60_000);

async function comeLater(scene: Scene, lab: Lab): Promise<void> {
  for (const host of lab.hosts) await host.agent.stop();
  await lab.store.stop();
  for (const host of lab.hosts) await host.agent.start();
  const [h1] = lab.hosts;
  const alive = async (): Promise<boolean> => (await h1!.agent.request('GET', '/healthz')).status === 200;
  await waitFor('the API to answer without the store', alive, { within: 10_000 });
  expect(await h1!.agent.request('GET', '/readyz')).toMatchObject({ status: 503 });
  const status = await h1!.weft('status');
  expect(status.code).toBe(1);
  expect(status.stdout).toContain(lab.store.url.slice('etcd://'.length));
  const early = await h1!.weft('network', 'create', 'blue', '--subnet', '10.7.0.0/24');
  expect(early).toMatchObject({ code: 1, stderr: expect.stringContaining('not ready') });

  await lab.store.start();
  for (const host of lab.hosts) await host.agent.waitReady();
  await scene.declare('blue', { subnets: ['10.7.0.0/24'] });
  for (const host of lab.hosts) await scene.join(host.name, 'c1', 'blue');
  await scene.settled();
  expect(await scene.wrongPings()).toEqual([]);
}
