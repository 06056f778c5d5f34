import { beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { closeSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ensureThreadPool, fdOf, ownNamespace } from '../netns/netns.ts';
import { freshDirectory, freshNamespace, until, type FreshNamespace } from '../testing/fresh-namespace.ts';
import { Ear } from './ear.ts';

beforeAll(ensureThreadPool);

const [newLink, newNeighbour] = [16, 28];

/** What was said of which namespace. */
class Heard implements Disposable {
  readonly said: { readonly id: number; readonly type: number }[] = [];
  readonly ended: number[] = [];
  overruns = 0;
  readonly ear: Ear;

  constructor(queueBytes?: number) {
    this.ear = new Ear(
      {
        onMessage: (id, type) => this.said.push({ id, type }),
        onEnd: (id) => this.ended.push(id),
        onOverrun: () => (this.overruns += 1),
        onSilence: () => undefined,
      },
      queueBytes,
    );
  }

  async hear({ path }: FreshNamespace): Promise<number | undefined> {
    const fd = fdOf(path);
    try {
      return await this.ear.hear(fd);
    } finally {
      closeSync(fd);
    }
  }

  count(id: number | undefined, type: number): number {
    return this.said.filter((one) => one.id === id && one.type === type).length;
  }

  [Symbol.dispose](): void {
    this.ear.close();
    this.ear.close();
  }
}

describe('an ear', () => {
  test('hears of the namespaces that it was told of, each by its id, and of no other', async () => {
    using a = freshNamespace();
    using b = freshNamespace();
    using other = freshNamespace();
    using heard = new Heard();
    const [idOfA, idOfB] = [await heard.hear(a), await heard.hear(b)];
    expect(await heard.hear(a)).toBe(idOfA);
    other.run('ip', 'link', 'set', 'lo', 'up');
    a.run('ip', 'link', 'set', 'lo', 'up');
    await until('news of the first', () => heard.count(idOfA, newLink) > 0);
    expect(heard.said.every(({ id }) => id === idOfA)).toBe(true);
    b.run('ip', 'link', 'set', 'lo', 'up');
    await until('news of the second', () => heard.count(idOfB, newLink) > 0);
    expect(new Set(heard.said.map(({ id }) => id))).toEqual(new Set([idOfA, idOfB]));
  });

  test('holds no namespace: one that ends is told of, and ends', async () => {
    using namespace = freshNamespace();
    using heard = new Heard();
    const id = await heard.hear(namespace);
    namespace.unpin();
    await until('its end', () => heard.ended.length > 0);
    expect(heard.ended).toEqual([id]);
  });

  test('says that something was lost, and hears what comes later', async () => {
    using namespace = freshNamespace();
    using directory = freshDirectory();
    using heard = new Heard(65_536);
    const id = await heard.hear(namespace);
    namespace.run('ip', 'link', 'add', 'br0', 'type', 'bridge');
    const lines = Array.from(
      { length: 2000 },
      (_, i) => `neigh add 10.9.${i >> 8}.${i & 255} lladdr 02:00:00:00:00:01 nud permanent dev br0\n`,
    );
    const batch = join(directory.path, 'batch');
    writeFileSync(batch, lines.join(''));
    // The event loop stands still meanwhile.
    namespace.run('ip', '-batch', batch);
    await until('the loss', () => heard.overruns > 0);
    const before = heard.count(id, newNeighbour);
    expect(before).toBeLessThan(2000);
    namespace.run(
      'ip',
      'neigh',
      'add',
      '10.10.0.1',
      'lladdr',
      '02:00:00:00:00:01',
      'nud',
      'permanent',
      'dev',
      'br0',
    );
    await until('a later notice', () => heard.count(id, newNeighbour) > before);
    expect(heard.overruns).toBe(1);
  });

  test('that is closed hears no more, and leaves the process as it was', async () => {
    using namespace = freshNamespace();
    const namespacesHeld = (): number => readdirSync('/proc/self/fd').length;
    const before = namespacesHeld();
    const closed = new Heard();
    await closed.hear(namespace);
    closed[Symbol.dispose]();
    using open = new Heard();
    const id = await open.hear(namespace);
    namespace.run('ip', 'link', 'set', 'lo', 'up');
    await until('what another hears', () => open.count(id, newLink) > 0);
    expect(closed.said).toEqual([]);
    open[Symbol.dispose]();
    // The bell's handle closes in the next turn of the event loop.
    await until('its descriptors to be closed', () => namespacesHeld() === before);
    const homes = readdirSync('/proc/self/task').map((task) =>
      readlinkSync(`/proc/self/task/${task}/ns/net`),
    );
    expect(new Set(homes)).toEqual(new Set([readlinkSync(ownNamespace)]));
  });

  test('costs nothing while nothing happens', async () => {
    using heard = new Heard();
    using namespace = freshNamespace();
    await heard.hear(namespace);
    const before = process.cpuUsage();
    await pause(500);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(100);
  });
});

test('without the right to hear others it says so, instead of hearing nothing', () => {
  const script = `
    import { ensureThreadPool } from '${join(import.meta.dirname, '../netns/netns.ts')}';
    import { Ear } from '${join(import.meta.dirname, 'ear.ts')}';
    await ensureThreadPool();
    try { new Ear({}); console.log('opened'); } catch (error) { console.log(error.code + ' ' + error.message); }
    process.exit();`;
  const args = ['--bounding-set', '-net_broadcast', '--inh-caps', '-net_broadcast', process.execPath];
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
  const said = execFileSync('setpriv', [...args, ...flags], { encoding: 'utf8' });
  expect(said).toMatch(/^PERMISSION_DENIED .*CAP_NET_BROADCAST/);
});
