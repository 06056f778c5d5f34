import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseTrace, traceArguments, watchKernelWrites, type KernelTraffic } from './kernel-writes.ts';
import { namespacePath } from './names.ts';
import { ensureNamespace, inside, mustRunIn, removeNamespace } from './netns.ts';
import type { Argv } from './run.ts';

const namespace = `weft-lab-writes${process.pid}-h1`;
const path = namespacePath(namespace);
const directory = mkdtempSync(join(tmpdir(), 'weft-writes-'));
beforeAll(() => ensureNamespace(namespace));
afterAll(async () => {
  await removeNamespace(namespace);
  rmSync(directory, { recursive: true });
});

/** Runs a shell script in the namespace under strace, from its first instruction on. */
async function traced(script: string): Promise<KernelTraffic> {
  const file = join(directory, 'trace');
  await mustRunIn(path, [...traceArguments(file), 'sh', '-ec', script] as unknown as Argv);
  return parseTrace(readFileSync(file, 'utf8'));
}
const kinds = ({ writes }: KernelTraffic): string[] => writes.map(({ how, what }) => `${how} ${what}`);

describe('kernel writes of a process', () => {
  test('that only reads: none, and its reads are seen', async () => {
    const script =
      'ip -j link show; ip neigh show; bridge fdb show; nft list ruleset; cat /proc/sys/net/ipv4/ip_forward';
    const traffic = await traced(script);
    // iproute2 tries out a flag on its own socket by a change of nothing; it shows as one write for each of its starts.
    expect(kinds(traffic).filter((kind) => kind !== 'netlink RTM_NEWLINK')).toEqual([]);
    expect(traffic.netlinkReads).toBeGreaterThan(3);
  });

  test('by netlink: links, FDB, neighbours, addresses, nft', async () => {
    const seen = kinds(
      await traced(`
        ip link add br0 type bridge
        bridge fdb add 02:00:00:00:00:01 dev br0 self
        ip link set br0 up
        ip neigh add 10.0.0.1 lladdr 02:00:00:00:00:01 dev br0 nud permanent
        ip neigh del 10.0.0.1 dev br0
        ip addr add 10.0.0.2/24 dev br0
        nft add table inet weft
        ip link del br0`),
    );
    for (const what of ['RTM_NEWNEIGH', 'RTM_DELNEIGH', 'RTM_NEWADDR', 'RTM_DELLINK']) {
      expect(seen).toContain(`netlink ${what}`);
    }
    expect(seen.some((kind) => kind.includes('NFT_MSG_NEWTABLE'))).toBe(true);
  });

  test('below /proc/sys, but not in other files', async () => {
    const seen = kinds(await traced(`echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >${directory}/other`));
    expect(seen).toEqual(['sysctl /proc/sys/net/ipv4/ip_forward']);
  });

  test('in a namespace that strace does not share: the numbers of the messages tell', async () => {
    // strace stays outside: it cannot look up what kind of netlink socket it sees.
    const file = join(directory, 'outside');
    const script = `nsenter --net=${path} ip link add br1 type bridge; nsenter --net=${path} ip link show br1`;
    await mustRunIn('/proc/self/ns/net', [...traceArguments(file), 'sh', '-ec', script] as unknown as Argv);
    const traffic = parseTrace(readFileSync(file, 'utf8'));
    expect(traffic.writes.length).toBeGreaterThan(0);
    expect(traffic.netlinkReads).toBeGreaterThan(0);
    expect(traffic.writes.every(({ how }) => how === 'netlink')).toBe(true);
  });

  test('that runs already are seen from then on, of all its threads', async () => {
    const script = `
      const { writeFileSync } = require('node:fs');
      process.stdin.on('data', () => {
        writeFileSync('/proc/sys/net/ipv4/ip_forward', '0');
        require('node:fs/promises').writeFile('/proc/sys/net/ipv4/conf/lo/rp_filter', '0').then(() => console.log('done'));
      });
      console.log('ready');`;
    const [command, ...args] = inside(path, [process.execPath, '-e', script]);
    const child = spawn(command, args);
    const line = (): Promise<string> =>
      new Promise((resolve) => child.stdout.once('data', (data: Buffer) => resolve(data.toString().trim())));
    try {
      expect(await line()).toBe('ready');
      const watch = await watchKernelWrites(child.pid!);
      const done = line();
      child.stdin.write('go');
      expect(await done).toBe('done');
      expect(kinds(await watch.stop())).toEqual([
        'sysctl /proc/sys/net/ipv4/ip_forward',
        'sysctl /proc/sys/net/ipv4/conf/lo/rp_filter',
      ]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('that does not exist cannot be watched', async () => {
    await expect(watchKernelWrites(2 ** 22 + 1)).rejects.toMatchObject({ code: 'KERNEL_REFUSED' });
  });
});
