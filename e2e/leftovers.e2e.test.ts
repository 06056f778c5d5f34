import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { StatusJson } from '../api/schemas/status.ts';
import { call } from './lab/call.ts';
import type { Host } from './lab/host.ts';
import { createLab } from './lab/lab.ts';
import { mustRunIn, unpin } from './lab/netns.ts';
import { removeLab } from './lab/remove.ts';
import { mustRun } from './lab/run.ts';
import { waitFor } from './lab/wait.ts';
import { Scene } from './testing/scene.ts';
import { labName, tracesOf } from './testing/traces.ts';

/** What a test of one leftover works with: the host whose agent has died, and what it had made. */
interface Remains {
  readonly host: Host;
  /** Path of the pin of the network's namespace, and the mark that it bears. */
  readonly pin: string;
  readonly mark: string;
  readonly vni: number;
  /** Path of the sandbox, and of a namespace that nobody has to do with. */
  readonly sandbox: string;
  readonly stranger: string;
}

interface Leftover {
  readonly what: string;
  make(remains: Remains, hold: (path: string) => Promise<unknown>): Promise<void>;
  /** What `weft status` must name as being in the way, until `away` has taken it away; absent: the node is well at once. */
  readonly names?: RegExp;
  away?(remains: Remains): Promise<void>;
}

async function ip(path: string, line: string): Promise<void> {
  await mustRunIn(path, ['ip', ...line.split(' ')]);
}

/** A namespace at the pin instead of ours, with a mark or without. */
async function pinned(pin: string, mark?: string): Promise<void> {
  await unpin(pin);
  writeFileSync(pin, '');
  await mustRun(['unshare', `--net=${pin}`, 'true']);
  if (mark !== undefined) await mustRunIn(pin, ['ip', 'link', 'set', 'lo', 'alias', mark, 'up']);
}

const leftovers: readonly Leftover[] = [
  {
    what: 'a namespace without the tunnel device',
    make: ({ pin }) => ip(pin, 'link del vxlan0'),
  },
  { what: 'a namespace without the bridge', make: ({ pin }) => ip(pin, 'link del br0') },
  { what: 'a namespace that is marked, pinned and empty', make: ({ pin, mark }) => pinned(pin, mark) },
  {
    what: 'a pin that is a plain file',
    make: async ({ pin }) => {
      await unpin(pin);
      writeFileSync(pin, '');
    },
  },
  {
    what: 'a mark in a namespace that is not pinned, and held by somebody',
    make: async ({ pin, mark }, hold) => {
      await pinned(pin, mark);
      await hold(pin);
      await unpin(pin);
    },
  },
  {
    what: 'a namespace that was deleted, whose tunnel device lives on since somebody holds it',
    make: async ({ pin }, hold) => {
      await hold(pin);
      await unpin(pin);
    },
  },
  {
    what: 'a pair that nobody wants, with its other end in a sandbox',
    make: async ({ pin, stranger }) => {
      await ip(pin, `link add vdead00000000 type veth peer name eth7 netns ${stranger}`);
      await ip(pin, 'link set vdead00000000 master br0 up');
    },
  },
  {
    what: 'a port whose other end was moved out of its sandbox',
    make: ({ sandbox, stranger }) => ip(sandbox, `link set eth0 netns ${stranger}`),
  },
  {
    what: 'state that was written half',
    make: async ({ host }) => {
      const at = (name: string): string => join(host.directory, 'state', name);
      for (const name of ['node.json', 'view.jsonl', 'intents.jsonl'])
        writeFileSync(`${at(name)}.new`, '{"version":1,"i');
      appendFileSync(at('intents.jsonl'), '{"op":"attach","netw');
      // What a life has known is on disk some seconds after it began.
      if (existsSync(at('view.jsonl')))
        truncateSync(at('view.jsonl'), Math.floor(readFileSync(at('view.jsonl')).length / 2));
      else writeFileSync(at('view.jsonl'), '{"version":1,"parts":[{"pre');
    },
  },
  {
    what: 'an interface of somebody else under the name of ours in the sandbox',
    make: async ({ sandbox }) => {
      await ip(sandbox, 'link del eth0');
      await ip(sandbox, 'link add eth0 type bridge');
    },
    names: /sandbox .*-c1 has an interface eth0 already that is not ours/,
    away: ({ sandbox }) => ip(sandbox, 'link del eth0'),
  },
  {
    what: 'a tunnel device of somebody else with our VNI in the namespace of the node',
    make: async ({ host, pin, vni }) => {
      await ip(pin, 'link del vxlan0');
      await ip(host.path, `link add vxtheirs type vxlan id ${vni} dstport 4789 local ${host.address}`);
    },
    names: /vxtheirs .*has this VNI and port/,
    away: ({ host }) => ip(host.path, 'link del vxtheirs'),
  },
  {
    what: 'a namespace of somebody else at our pin',
    make: ({ pin }) => pinned(pin, 'precious'),
    names: /bears the mark "precious"/,
    away: ({ pin }) => unpin(pin),
  },
  {
    what: 'a namespace without a mark at our pin',
    make: ({ pin }) => pinned(pin),
    names: /bears the mark ""/,
    away: ({ pin }) => unpin(pin),
  },
];

const name = labName('leftovers');
let scene: Scene;
let remains: Remains;
const holders: ChildProcess[] = [];

beforeAll(async () => {
  await removeLab(name);
  scene = new Scene(await createLab({ name, hosts: 2, store: 'file', underlay: 4, leaseTtl: '2s' }));
  const { id, vni } = await scene.declare('blue', { subnets: ['10.7.0.0/24', 'fd00:7::/64'] });
  for (const host of scene.hosts) await scene.join(host.name, 'c1', 'blue');
  await scene.settled();
  const host = scene.host('h1');
  const pin = host.networkNamespace(id);
  const [lo] = JSON.parse(await mustRunIn(pin, ['ip', '-j', 'link', 'show', 'lo'])) as { ifalias: string }[];
  const stranger = (await host.sandbox('stranger').ensure()).path;
  const sandbox = host.sandbox('c1').path;
  remains = { host, pin, mark: lo!.ifalias, vni, sandbox, stranger };
}, 60_000);

afterAll(async () => {
  for (const holder of holders) holder.kill('SIGKILL');
  await removeLab(name);
  expect(tracesOf(name)).toEqual([]);
}, 60_000);

/** Somebody's process that stands in the namespace. */
async function hold(path: string): Promise<unknown> {
  const holder = spawn('nsenter', [`--net=${path}`, 'sleep', '600'], { stdio: 'ignore' });
  holders.push(holder);
  const stands = (): boolean => readFileSync(`/proc/${holder.pid}/comm`, 'utf8').trim() === 'sleep';
  return waitFor('somebody to hold the namespace', stands, { within: 5000 });
}

/**
 * All that is in the node's own namespace, in one that nobody has to do with, and, of others, what is not ours in the sandbox. A pair
 * whose namespace went is taken apart a moment later: until then a route of it may have a device without a name (`dev if9`).
 */
async function notOurs({ host, stranger, sandbox }: Remains): Promise<readonly string[]> {
  const look = 'ip -d -o link; ip -o address; ip route; ip -6 route; bridge fdb show';
  const all = await Promise.all(
    [host.path, stranger, sandbox].map((path) => mustRunIn(path, ['sh', '-c', look])),
  );
  return all.flatMap((text) =>
    text
      .split('\n')
      .filter((line) => line !== '' && !/veth|dev (eth[07]|if\d+)|: eth[07]|linkdown/.test(line))
      .map((line) => line.replaceAll(/(hello|tcn|topology_change|gc)_timer +[\d.]+|expires \d+\w+/g, '')),
  );
}

async function problems(host: Host): Promise<readonly string[]> {
  return (await call<StatusJson>(host, 'GET', '/v1/status')).problems.map(({ why }) => why);
}

async function isWell(): Promise<void> {
  const { host } = remains;
  const noProblems = async (): Promise<boolean> => (await problems(host)).length === 0;
  await waitFor('status to be well', noProblems, { within: 15_000 }).catch(() => undefined);
  expect(await problems(host)).toEqual([]);
  await scene.settled();
  const { expected, actual } = await scene.tablesAgree();
  expect(actual).toEqual(expected);
  expect(await scene.wrongPings()).toEqual([]);
}

test.each(leftovers.map((leftover) => [leftover.what, leftover] as const))(
  '%s',
  async (_, leftover) => {
    const { host } = remains;
    await host.agent.kill9();
    await leftover.make(remains, hold);
    const before = await notOurs(remains);
    await host.agent.start();
    if (leftover.names !== undefined) {
      const isNamed = async (): Promise<boolean> =>
        (await problems(host)).some((why) => leftover.names?.test(why));
      await waitFor('status to name it', isNamed, { within: 5000 }).catch(() => undefined);
      expect(await problems(host)).toContainEqual(expect.stringMatching(leftover.names));
      expect(await notOurs(remains)).toEqual(before);
      await leftover.away?.(remains);
      await isWell();
      return;
    }
    await host.agent.waitReady();
    await isWell();
    expect(await notOurs(remains)).toEqual(before);
  },
  30_000,
);

test('what could not be read was set aside', () => {
  expect(existsSync(join(remains.host.directory, 'state', 'view.jsonl.corrupt'))).toBe(true);
});
