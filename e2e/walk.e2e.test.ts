import { spawn } from 'node:child_process';
import { readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { EndpointJson } from '../api/schemas/endpoint.ts';
import type { NodeJson } from '../api/schemas/node.ts';
import type { Host } from './lab/host.ts';
import { waitFor } from './lab/wait.ts';
import { commandOf, everydayCommands, typedIn } from './testing/readme.ts';
import { tell, type Scene } from './testing/scene.ts';
import { keysBelow } from './testing/store-keys.ts';
import { labName } from './testing/traces.ts';
import { Keyboard } from './testing/keyboard.ts';

const yaml = (mtu: number): string => `name: green
subnets: [10.8.0.0/24, "fd00:8::/64"]
---
name: small
subnets:
  - cidr: 10.10.0.0/24
    gateway: 10.10.0.9
mtu: ${mtu}
`;

const heard = ' 0% packet loss';

/** What other stories type: they need a node that is given up, or another store. */
const elsewhere = ['node forget', 'node drain', 'store restore', 'store accept', 'store join', 'store copy'];

test('what README.md tells to type does what it says, on three hosts with real agents', async () => {
  await tell({ name: labName('walk'), hosts: 3, store: 'etcd', underlay: 4 }, async (scene) => {
    const keyboard = new Keyboard({
      ETCDCTL_API: '3',
      ETCDCTL_ENDPOINTS: scene.lab.store.url.replace('etcd:', 'http:'),
    });
    await walk(scene, keyboard);
    await declare(scene, keyboard);
    await attachInEveryWay(scene, keyboard);
    await run(scene, keyboard);
    await look(scene, keyboard);
    await lookCloser(scene, keyboard);
    await beRefused(scene, keyboard);
    await leave(scene, keyboard);
    for (const host of scene.hosts) expectJsonLines(host);
    const typed = new Set(keyboard.lines.flatMap((line) => line.split(' && ')).map(commandOf));
    const untold = everydayCommands().filter((command) => !typed.has(command));
    expect(untold).toEqual(elsewhere.map((command) => `weft ${command}`));
  });
}, 120_000);

/** The lines of the page as they stand there; the sandboxes are those of the lab, which removes them. */
async function walk(scene: Scene, keyboard: Keyboard): Promise<void> {
  const said: (readonly [line: string, text: string])[] = [];
  for (const { machine, line } of typedIn('**A network, and a sandbox', '## Declaring networks')) {
    const host = scene.host(`h${machine}`);
    const here = line.replace(/(?<= )c\d\b/g, (name) => host.sandbox(name).namespace);
    said.push([line, await keyboard.type(host, here)]);
  }
  const [, , attached, pinged, ran] = said;
  expect(attached?.[1]).toMatch(
    /^id {10}[\da-f]{32}\nnetwork {5}blue\naddresses {3}10\.7\.0\.\d+\/24\n {12}fd00:7::.*\nMAC/,
  );
  expect(attached?.[1]).toMatch(
    /^node {8}h2 \(this one\)\n.*^interface {3}eth0\nstate {7}active\nprogrammed {2}yes/ms,
  );
  for (const [line, text] of [pinged!, ran!]) {
    expect(line).toContain('ping');
    expect(text).toContain(heard);
  }
  for (const { line } of typedIn('## Declaring networks', '## Everyday commands'))
    await keyboard.type(scene.host('h3'), line);
  for (const host of scene.hosts) {
    const isKnown = async (): Promise<boolean> =>
      /^bad +refused.*^clash +refused.*^red +active/ms.test((await host.weft('network', 'ls')).stdout);
    await waitFor(`${host.name} to show what was declared`, isKnown, { within: 10_000 });
    const table = await keyboard.type(host, 'weft network ls');
    expect(table).toMatch(/^bad .*declaration "networks\/bad" is not valid: mtuu: is an unknown key/m);
    expect(table).toMatch(/^clash .*subnet 10\.9\.0\.128\/25 overlaps 10\.9\.0\.0\/24 of network red$/m);
    expect(table).toMatch(/^red +active +\d+ +10\.9\.0\.0\/24 +1450 /m);
    expect(await keyboard.type(host, 'weft status', 1)).toMatch(/^! .*bad.*mtuu/m);
  }
  for (const name of ['bad', 'clash', 'red'])
    expect(await keyboard.json(scene.host('h1'), `weft network rm ${name}`)).toEqual({ state: 'removed' });
}

async function declare(scene: Scene, keyboard: Keyboard): Promise<void> {
  const h1 = scene.host('h1');
  const again = 'weft network create blue --subnet 10.7.0.0/24 --subnet fd00:7::/64';
  expect(await keyboard.json(h1, again)).toMatchObject({ name: 'blue', phase: 'active', mtu: 1450 });
  const file = join(h1.directory, 'networks.yaml');
  const applied = async (text: string): Promise<unknown> => {
    writeFileSync(file, text);
    const outcomes = await keyboard.json<readonly Readonly<Record<string, unknown>>[]>(
      h1,
      `weft network apply -f ${file}`,
    );
    return outcomes.map(({ name, outcome }) => `${String(name)} ${String(outcome)}`);
  };
  expect(await applied(yaml(1300))).toEqual(['green created', 'small created']);
  expect(await applied(yaml(1300))).toEqual(['green unchanged', 'small unchanged']);
  expect(await applied(yaml(1290))).toEqual(['green unchanged', 'small changed']);
  const shown = { phase: 'active', mtu: 1290, declaredMtu: 1290, subnets: [{ gateway: '10.10.0.9' }] };
  expect(await keyboard.json(h1, 'weft network inspect small')).toMatchObject(shown);
  expect(await keyboard.type(h1, `weft network apply -f ${file}`)).toMatch(
    /^green +unchanged\nsmall +unchanged$/m,
  );
  await changeByHand(h1, keyboard, file);
  for (const name of ['blue', 'green']) await scene.adopt(name);
}

/** What would change, an editor, and a network that leaves its subnets to the address pools. */
async function changeByHand(h1: Host, keyboard: Keyboard, file: string): Promise<void> {
  writeFileSync(file, yaml(1285));
  const diff = await keyboard.type(h1, `weft network apply -f ${file} --dry-run`);
  expect(diff).toMatch(/^--- small\n\+\+\+ small \(.*\)\n@@ .*\n(?: .*\n)+-mtu: 1290\n\+mtu: 1285\n/m);
  expect(diff).toMatch(/^# green: unchanged$/m);
  const planned = { name: 'small', outcome: 'changed', before: { mtu: 1290 }, after: { mtu: 1285 } };
  expect(await keyboard.json(h1, `weft network apply -f ${file} --dry-run`)).toMatchObject([
    { name: 'green', outcome: 'unchanged' },
    { ...planned, endpoints: [], nodes: [] },
  ]);
  const edit = (editor: string): string => `export EDITOR='${editor}' && weft network edit small`;
  expect(await keyboard.type(h1, edit('true'))).toBe('Network small is as it was.\n');
  expect(await keyboard.json(h1, edit('sed -i s/1290/1281/'))).toMatchObject({
    outcome: 'changed',
    network: { mtu: 1281 },
  });
  const spoilt = await keyboard.type(h1, edit('sed -i s/1281/9/'), 2);
  const [, kept = ''] = /^weft: .*mtu: is 9, must be at least 68\. .* is in (\S+)$/m.exec(spoilt) ?? [];
  expect(readFileSync(kept, 'utf8')).toMatch(/^mtu: 9$/m);
  rmSync(dirname(kept), { recursive: true });

  const plain = await keyboard.json(h1, 'weft network create plain --ipv6');
  expect(plain).toMatchObject({
    subnets: [{ cidr: '10.64.0.0/24' }, { cidr: expect.stringMatching(/^fd/) }],
  });
  expect(await keyboard.type(h1, 'weft status')).toContain('base=10.64.0.0/11,size=24');
  const bases = await keyboard.json<readonly { readonly subnets: number }[]>(h1, 'weft network pools');
  expect(bases.map(({ subnets }) => subnets)).toEqual([1, 1]);
  await keyboard.type(h1, 'weft network pools --set base=10.200.0.0/16,size=26');
  expect(await keyboard.type(h1, 'weft network pools')).toMatch(/^10\.200\.0\.0\/16 +26 +1024 +0$/m);
  expect(await keyboard.type(h1, 'weft network pools --reset')).toMatch(/^10\.64\.0\.0\/11 +24 +8192 +1$/m);
  await keyboard.type(h1, 'weft network rm plain');
}

/** An address of blue that nobody has: what agents choose by themselves may be any. */
async function unusedIn(host: Host, keyboard: Keyboard): Promise<string> {
  const endpoints = await keyboard.json<readonly EndpointJson[]>(host, 'weft endpoint ls --network blue');
  const taken = new Set(endpoints.flatMap(({ addresses }) => addresses));
  const all = Array.from({ length: 100 }, (_, n) => `10.7.0.${n + 40}`);
  return all.find((ip) => !taken.has(`${ip}/24`)) ?? all[0]!;
}

/** What matches this address and no other. */
const pattern = (ip: string): string => ip.replaceAll('.', String.raw`\.`);

/** By name, by path, by the number of a process, and each again. Those of the page are taken into the books. */
async function attachInEveryWay(scene: Scene, keyboard: Keyboard): Promise<void> {
  const [h1, h3] = [scene.host('h1'), scene.host('h3')];
  const { namespace, path } = await h3.sandbox('c3').ensure();
  const byName = await keyboard.json<EndpointJson>(
    h3,
    `weft attach --network blue ${namespace} --name web --wait`,
  );
  const { waited, ...web } = byName;
  expect(web).toMatchObject({ name: 'web', programmed: true, sandbox: { key: `netns:${namespace}`, path } });
  expect(waited?.nodes).toEqual(['h1', 'h2']);
  // The path of a named namespace means the same sandbox.
  expect(await keyboard.json(h3, `weft attach --network blue ${path} --name web`)).toEqual(web);

  // By another name of it, the number of a process in it, there is no second one.
  const inside = `ip netns exec ${namespace} sh -c 'weft attach --network blue $$'`;
  expect(await keyboard.type(h3, inside, 5)).toContain(`(key netns:${namespace})`);

  // The lab unpins what lies there, whatever happens.
  const file = join(h3.directory, '..', 'elsewhere', 'netns', 'pinned');
  await keyboard.type(h3, `mkdir -p $(dirname ${file}) && touch ${file} && unshare --net=${file} true`);
  await using child = await unshared(h3);
  const others = [
    { sandbox: file, key: `path:${file}`, path: file },
    { sandbox: String(child.pid), key: `pid:${child.pid}`, path: `/proc/${child.pid}/ns/net` },
  ];
  for (const { sandbox, key, path: where } of others) {
    const ip = await unusedIn(h3, keyboard);
    const attached = await keyboard.json<EndpointJson>(
      h3,
      `weft attach --network blue ${sandbox} --ip ${ip}`,
    );
    expect(attached).toMatchObject({ programmed: true, sandbox: { key, path: where } });
    expect(attached.addresses).toEqual([`${ip}/24`, expect.stringMatching(/^fd00:7::.*\/64$/)]);
    expect(await keyboard.json(h3, `weft attach --network blue ${where}`)).toEqual(attached);
    const ping = `ping -c1 ${ip}`;
    expect(await keyboard.type(h1, `ip netns exec ${h1.sandbox('c1').namespace} ${ping}`)).toContain(heard);
    expect(await keyboard.type(h3, `nsenter --net=${where} ping -c1 10.7.0.11`)).toContain(heard);
    expect(await keyboard.type(h3, `weft detach --network blue ${sandbox}`)).toBe('Detached.\n');
    expect(await keyboard.json(h3, `weft detach --network blue ${sandbox}`)).toEqual({ detached: false });
  }
  await keyboard.type(h3, `umount ${file} && rm -r $(dirname ${file})`);
  await scene.join('h1', 'c1', 'blue');
  await scene.join('h2', 'c2', 'blue');
  await scene.join('h3', 'c3', 'blue', { name: 'web' });
  await scene.settled();
  expect(await scene.wrongPings()).toEqual([]);
  const { expected, actual } = await scene.tablesAgree();
  expect(actual).toEqual(expected);
}

async function run(scene: Scene, keyboard: Keyboard): Promise<void> {
  const h2 = scene.host('h2');
  const weftRun = 'weft run --network blue';
  const ip = await unusedIn(h2, keyboard);
  const address = await keyboard.type(h2, `${weftRun} --ip ${ip} -- ip -o address show dev eth0`);
  expect(address).toMatch(new RegExp(`inet ${pattern(ip)}/24 .*inet6 fd00:7::`, 's'));
  expect(await keyboard.type(h2, `${weftRun} -- ping -c1 10.7.0.11`)).toContain(heard);
  await keyboard.type(h2, `${weftRun} -- sh -c 'exit 42'`, 42);
  await keyboard.type(h2, `${weftRun} -- sh -c 'kill -9 $$'`, 137);
  const plain = join(h2.directory, 'weftd.yaml');
  expect(await keyboard.type(h2, `${weftRun} -- ${plain}`, 126)).toContain(plain);
  expect(await keyboard.type(h2, `${weftRun} -- no-such-program`, 127)).toContain('no-such-program');
  expect(await keyboard.type(h2, 'weft run --network nowhere -- true', 125)).toContain('nowhere');
  // Nothing of it is left.
  expect(await keyboard.json(h2, 'weft endpoint ls --network blue')).toHaveLength(3);
}

async function look(scene: Scene, keyboard: Keyboard): Promise<void> {
  const [h1, h2] = [scene.host('h1'), scene.host('h2')];
  const table = await keyboard.type(h1, 'weft endpoint ls --network blue');
  expect(table).toMatch(/^NETWORK .*\nblue +- +- +10\.7\.0\.11\/24 fd00:7::\S+ +02:57:/m);
  const web = await keyboard.json<EndpointJson>(h2, 'weft endpoint inspect web');
  expect(web).toMatchObject({ name: 'web', node: 'h3', local: false, programmed: true });
  expect(await keyboard.json(h2, `weft endpoint inspect ${web.id} --network blue`)).toEqual(web);
  expect(await keyboard.type(h2, 'weft endpoint inspect web')).toMatch(/^node +h3$/m);

  expect(await keyboard.type(h1, 'weft node ls')).toMatch(/^h1 \* +alive +192\.0\.2\.1 +1500 +1 /m);
  const nodes = await keyboard.json<readonly NodeJson[]>(h1, 'weft node ls');
  expect(nodes.map(({ name, state, self }) => [name, state, self])).toEqual([
    ['h1', 'alive', true],
    ['h2', 'alive', false],
    ['h3', 'alive', false],
  ]);
  expect(await keyboard.json(h1, 'weft network ls')).toMatchObject([
    { name: 'blue', endpoints: 3 },
    { name: 'green', endpoints: null },
    { name: 'small', endpoints: null },
  ]);
  const asked = await keyboard.json(h1, 'weft network inspect blue --wait');
  expect(asked).toMatchObject({ nodes: ['h1', 'h2', 'h3'].map((node) => ({ node, state: 'programmed' })) });
  const inspected = await keyboard.type(h1, 'weft network inspect blue');
  expect(inspected).toMatch(/^subnets +10\.7\.0\.0\/24/m);
  expect(inspected).toMatch(/^endpoints +3\n(?: +\S+ on h\d: .*, since 20.*\n){3}/m);
  const healthy = { phase: 'ready', problems: [], endpoints: { local: 1, remote: 2 } };
  expect(await keyboard.json(h1, 'weft status')).toMatchObject(healthy);
  expect(await keyboard.type(h1, 'weft status')).toMatch(/^healthy\n/);

  const events = await keyboard.json<readonly { readonly kind: string }[]>(h1, 'weft events');
  expect(events.map(({ kind }) => kind)).toContain('agent-ready');
  expect(await keyboard.type(h1, 'weft events --last 1000')).toContain('weftd on h1 is ready');
  const config = join(h1.directory, 'weftd.yaml');
  expect(await keyboard.json(h1, 'weft store check')).toMatchObject({
    reachable: true,
    problems: [],
  });
  expect(await keyboard.type(h1, 'weft store dump')).toContain('"networks/blue"');
  const settings = await keyboard.json<readonly object[]>(h1, 'weftd config');
  expect(settings).toContainEqual({ key: 'name', value: 'h1', origin: `file ${config}` });
  expect(await keyboard.type(h1, `weftd config --config ${config}`)).toMatch(
    /^advertise: eth1 +# .*weftd\.yaml$/m,
  );
}

/** Addresses, and what an agent works with. */
async function lookCloser(scene: Scene, keyboard: Keyboard): Promise<void> {
  const h1 = scene.host('h1');
  expect(await keyboard.type(h1, 'weft ip who 10.7.0.11')).toContain('h1');
  await keyboard.json(h1, 'weft ip who 10.7.0.11');
  expect(await keyboard.type(h1, 'weft ip who 10.99.0.1', 4)).toContain('10.99.0.1');
  const ip = await unusedIn(h1, keyboard);
  expect(await keyboard.type(h1, `weft ip reserve --network blue --ip ${ip} printer`)).toContain(ip);
  expect(await keyboard.type(h1, 'weft ip ls --network blue')).toMatch(
    new RegExp(`${pattern(ip)} .*printer`),
  );
  await keyboard.json(h1, 'weft ip ls --network blue');
  await keyboard.type(h1, 'weft ip release --network blue printer');
  for (const check of ['weft ip check', 'weft ip check --fix'])
    expect(await keyboard.json(h1, check)).toMatchObject({ networks: 3, endpoints: 3, findings: [] });

  for (const what of ['view', 'desired', 'observed']) {
    expect(await keyboard.type(h1, `weft debug ${what} --network blue`)).toContain('10.7.0.11');
    await keyboard.json(h1, `weft debug ${what}`);
  }
  const plans = await keyboard.json(h1, 'weft debug plan --network blue');
  expect(plans).toMatchObject([{ steps: [] }]);
  const dry = `weftd --dry-run --config ${join(h1.directory, 'weftd.yaml')}`;
  expect(await keyboard.type(h1, dry)).toContain('nothing');
}

/** Somebody who may read everything, but is not root: the checkout may lie wherever it likes. */
const stranger =
  'setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,+dac_read_search --ambient-caps=+dac_read_search';

async function beRefused(scene: Scene, keyboard: Keyboard): Promise<void> {
  const [h1, h3] = [scene.host('h1'), scene.host('h3')];
  for (const command of ['weft status', 'weft attach --network blue c1', 'weft network ls'])
    expect(await keyboard.type(h1, `${stranger} ${command}`, 6)).toContain(
      `${h1.agent.socket} may not be opened`,
    );
  expect(await keyboard.type(h1, `${stranger} weft run --network blue -- true`, 125)).toContain('use sudo');
  expect(await keyboard.type(h1, `${stranger} weft lab up`, 6)).toContain('root');
  expect(await keyboard.type(h1, 'weft network rm blue', 5)).toMatch(/web \(10\.7\.0\.\d+, .*\) on h3/);

  const pid = h3.agent.pid;
  if (pid === undefined) throw new Error('the agent of h3 does not run');
  process.kill(pid, 'SIGSTOP');
  try {
    const change = `weft network apply -f ${join(h1.directory, 'blue.yaml')} --wait --timeout 500ms`;
    writeFileSync(
      join(h1.directory, 'blue.yaml'),
      'name: blue\nsubnets: [10.7.0.0/24, "fd00:7::/64"]\nmtu: 1400\n',
    );
    const late = await keyboard.type(h1, change, 7);
    expect(late).toMatch(/blue is accepted, and that stands; not programmed after .* by h3 \(no answer\)/);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

async function leave(scene: Scene, keyboard: Keyboard): Promise<void> {
  const h1 = scene.host('h1');
  const gone = `weft detach --network blue ${h1.sandbox('c1').namespace}`;
  expect(await keyboard.json(h1, `${gone} --wait`)).toMatchObject({
    detached: true,
    waited: { nodes: ['h2', 'h3'] },
  });
  expect(await keyboard.type(h1, gone)).toBe('There was nothing to detach.\n');
  expect(await keyboard.type(scene.host('h3'), 'weft detach --endpoint web')).toBe('Detached.\n');
  expect(await keyboard.json(h1, 'weft network rm blue --force --wait')).toMatchObject({ state: 'removed' });
  expect(await keyboard.type(h1, 'weft network rm green')).toBe('Removed network green.\n');
  expect(await keyboard.type(scene.host('h2'), 'weft network rm small')).toBe('Removed network small.\n');
  for (const prefix of ['net/', 'network-state/', 'networks/', 'vnis/'])
    expect(await keysBelow(scene.lab.store, prefix)).toEqual([]);
  const pinned = (): boolean => scene.hosts.every((host) => host.networkNamespaces().length === 0);
  await waitFor('the namespaces to go', pinned, { within: 5000 });
}

/** The log of an agent is JSON, line by line: a level, a time, a message. */
function expectJsonLines({ agent }: Host): void {
  const lines = readFileSync(agent.log, 'utf8').trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(5);
  const level = expect.stringMatching(/^(debug|info|warn|error)$/) as unknown;
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown;
  for (const line of lines)
    expect(JSON.parse(line)).toMatchObject({ level, time, msg: expect.stringMatching(/\S/) as unknown });
  expect(lines.some((line) => line.includes('"event":"endpoint-attached"'))).toBe(true);
}

interface Child extends AsyncDisposable {
  readonly pid: number;
}

/** A process on a host, in a network namespace of its own that has no name. */
async function unshared(host: Host): Promise<Child> {
  const [program, ...args] = host.argv(['unshare', '--net', 'sleep', '60']);
  const child = spawn(program, args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const { pid } = child;
  if (pid === undefined) throw new Error('unshare was not started');
  const isAlone = (): boolean => readlinkSync(`/proc/${pid}/exe`).endsWith('/sleep');
  const dispose = async (): Promise<void> => {
    child.kill();
    await ended;
  };
  try {
    await waitFor('the process to be in its namespace', isAlone, { within: 5000 });
  } catch (error) {
    await dispose();
    throw error;
  }
  return { pid, [Symbol.asyncDispose]: dispose };
}
