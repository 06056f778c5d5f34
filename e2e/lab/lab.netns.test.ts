import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { completeWish, createLab, openLab, type LabWish } from './lab.ts';
import { labDirectory, namespaceName, namespacePath } from './names.ts';
import { isNamespace, mustRunIn, namedNamespaces } from './netns.ts';
import { readMark, startDetached } from './process.ts';
import { listLabs, removeLab } from './remove.ts';
import type { Progress } from './report.ts';
import { mustRun } from './run.ts';
import { readLinks } from './tables.ts';

const name = `topo${process.pid}`;
const wish: LabWish = { name, hosts: 2, store: 'file', underlay: 4, agents: 'leave' };
const leftovers = (): readonly string[] => namedNamespaces().filter((each) => each.includes(`-${name}-`));

afterEach(() => removeLab(name));

// Several requests: the kernel may tell a bridge of a new carrier as late as a second after it is there.
describe('a lab', () => {
  test.each([4, 6] as const)('joins its hosts by an IPv%s underlay, and removes itself', async (underlay) => {
    const rootLinks = await mustRun(['ip', '-j', 'link', 'show']);
    {
      await using lab = await createLab({ ...wish, underlay });
      const [h1, h2] = [lab.host('h1'), lab.host('h2')];
      expect((await h1.run(['ping', '-c5', '-i0.2', '-W1', '-n', h2.address])).code).toBe(0);
      expect(listLabs()).toContain(name);
    }
    expect(leftovers()).toEqual([]);
    expect(existsSync(labDirectory(name))).toBe(false);
    expect(listLabs()).not.toContain(name);
    const shape = (text: string): string[] => (JSON.parse(text) as { ifname: string }[]).map((l) => l.ifname);
    expect(shape(await mustRun(['ip', '-j', 'link', 'show']))).toEqual(shape(rootLinks));
  });

  test('runs an etcd of its own that the hosts reach, and that a second call finds', async () => {
    const lab = await createLab({ ...wish, store: 'etcd' });
    await lab.store.mustEtcdctl('put', 'a', 'b');
    await createLab({ ...wish, store: 'etcd' });
    expect(await lab.store.mustEtcdctl('get', '--print-value-only', 'a')).toBe('b\n');
    const health = ['etcdctl', `--endpoints=${lab.store.url.replace('etcd:', 'http:')}`, 'get', 'a'] as const;
    const env = { ...process.env, ETCDCTL_API: '3' };
    expect((await lab.host('h2').run(health, { env })).stdout).toBe('a\nb\n');

    await lab.store.stop('kill9');
    expect(lab.store.running).toBe(false);
    await lab.store.start();
    expect(await lab.store.mustEtcdctl('get', '--print-value-only', 'a')).toBe('b\n');
  });

  test('made again keeps what is right, mends what is missing, and grows', async () => {
    const lab = await createLab(wish);
    const before = await readLinks(lab.host('h1').path);
    await mustRun(['ip', '-n', lab.host('h2').namespace, 'link', 'del', 'eth1']);
    const progress: Progress[] = [];
    const again = await createLab({ ...wish, hosts: 3 }, (each) => progress.push(each));
    expect(progress.find((each) => each.host === 'h1' && each.state === 'done')?.outcome).toBe(
      'already there',
    );
    expect(progress.find((each) => each.host === 'h2' && each.state === 'done')?.outcome).toContain(
      '192.0.2.2',
    );
    const mac = (links: typeof before): unknown => links.find((link) => link.name === 'eth1')?.mac;
    expect(mac(await readLinks(lab.host('h1').path))).toBe(mac(before));
    for (const host of ['h2', 'h3']) {
      expect(
        (await again.host(host).run(['ping', '-c5', '-i0.2', '-W1', '-n', lab.host('h1').address])).code,
      ).toBe(0);
    }
    expect(openLab(name).hosts.map((host) => host.name)).toEqual(['h1', 'h2', 'h3']);
  });

  test('does not change its store or underlay under the feet of its hosts', async () => {
    await createLab(wish);
    await expect(createLab({ ...wish, underlay: 6 })).rejects.toMatchObject({ code: 'CLUSTER_MISMATCH' });
    await expect(createLab({ ...wish, store: 'etcd' })).rejects.toMatchObject({ code: 'CLUSTER_MISMATCH' });
  });

  test('wished for again without a word about its addresses keeps them', async () => {
    await createLab({ ...wish, hosts: 1, underlay: 6 });
    expect(completeWish({ name })).toEqual({ name, hosts: 1, store: 'file', underlay: 6 });
    expect(completeWish({ name, hosts: 2 })).toEqual({ name, hosts: 2, store: 'file', underlay: 6 });
    await removeLab(name);
    expect(completeWish({ name })).toEqual({ name, hosts: 3, store: 'file', underlay: 4 });
  });

  test('gives each host the MTU it is told', async () => {
    const lab = await createLab({ ...wish, hosts: 3, mtu: [9000, 1400, 1500] });
    const mtus = await Promise.all(lab.hosts.map((host) => readLinks(host.path)));
    expect(mtus.map((links) => links.find((link) => link.name === 'eth1')?.mtu)).toEqual([9000, 1400, 1500]);
    const whole = (bytes: number): readonly [string, ...string[]] =>
      ['ping', '-c5', '-i0.2', '-W1', '-n', '-Mdo', `-s${bytes - 28}`, lab.host('h3').address] as const;
    expect((await lab.host('h1').run(whole(1500))).code).toBe(0);
    expect((await lab.host('h2').run(whole(1400))).code).toBe(0);
    expect((await lab.host('h2').run(whole(1401))).code).not.toBe(0);
    await lab.host('h2').setMtu(1500);
    expect((await lab.host('h2').run(whole(1401))).code).toBe(0);
  });

  test('pulls a cable and puts it back', async () => {
    const lab = await createLab(wish);
    const reach = (): ReturnType<typeof mustRun> =>
      mustRunIn(lab.host('h1').path, ['ping', '-c5', '-i0.2', '-W1', '-n', lab.host('h2').address]);
    await reach();
    await lab.host('h2').cable('down');
    await expect(reach()).rejects.toThrow('ended with code 1');
    await lab.host('h2').cable('up');
    await reach();
  });
});

describe('removal', () => {
  test('of a half-made lab goes by names alone, and ends whoever lives in its namespaces', async () => {
    const lab = await createLab(wish);
    const box = await lab.host('h1').sandbox('c1').ensure();
    const pinned = lab.host('h1').networkNamespace('0123456789abcdef');
    writeFileSync(pinned, '');
    await mustRun(['unshare', `--net=${pinned}`, 'true']);
    // Somebody whom no mark names, in a sandbox; and a mark of a process that is no more and whose number is another's.
    const files = { mark: join('/tmp', `${name}.pid`), log: '/dev/null' };
    await startDetached(['nsenter', `--net=${box.path}`, 'sleep', '60'], files);
    const stray = readMark(files.mark)!;
    const marked = join(lab.directory, 'h2', 'weftd.pid');
    writeFileSync(marked, JSON.stringify({ pid: process.pid, startTime: '1', bootId: stray.bootId }));

    // Without lab.json nobody can open it any more, and one namespace is gone already.
    await mustRun(['rm', join(lab.directory, 'lab.json')]);
    await mustRun(['ip', 'netns', 'del', namespaceName(name, 'underlay')]);
    await removeLab(name);

    expect(leftovers()).toEqual([]);
    expect(existsSync(lab.directory)).toBe(false);
    expect(readMark(files.mark)).toBeUndefined();
    await mustRun(['rm', '-f', files.mark]);
  });

  test('leaves a lab of a longer name alone, and a dead file is no obstacle', async () => {
    const other = `${name}b`;
    try {
      await createLab({ ...wish, name: other, hosts: 1 });
      await createLab({ ...wish, hosts: 1 });
      mkdirSync('/run/netns', { recursive: true });
      writeFileSync(namespacePath(namespaceName(name, 'h7')), '');
      await removeLab(name);
      expect(leftovers()).toEqual([]);
      expect(isNamespace(namespacePath(namespaceName(other, 'h1')))).toBe(true);
    } finally {
      await removeLab(other);
    }
  });
});
