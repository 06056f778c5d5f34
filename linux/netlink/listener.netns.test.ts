import { beforeAll, describe, expect, test } from '@jest/globals';
import { ensureThreadPool, inNamespace, openRtnetlink } from '../netns/netns.ts';
import { freshNamespace, until, type FreshNamespace } from '../testing/fresh-namespace.ts';
import * as request from '../testing/requests.ts';
import { listenHere, type Listener, type Listening } from './listener.ts';
import type { NetlinkMessage } from './message.ts';

beforeAll(ensureThreadPool);

/** What a listener in the namespace has heard. */
class Ear implements Disposable {
  readonly notices: NetlinkMessage[] = [];
  overruns = 0;
  readonly #listener: Listener;

  constructor(namespace: FreshNamespace, options: Pick<Listening, 'groups'> & Partial<Listening>) {
    this.#listener = inNamespace(namespace.path, () =>
      listenHere({
        onNotice: (notice) => this.notices.push(notice),
        onOverrun: () => (this.overruns += 1),
        ...options,
      }),
    );
  }

  count(type: number): number {
    return this.notices.filter((notice) => notice.type === type).length;
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    this.#listener.close();
  }
}

const [newLink, newAddress, newRoute, newNeighbour] = [16, 20, 24, 28];

describe('a listener', () => {
  test('hears of what it chose, in its own namespace, and of nothing else', async () => {
    using here = freshNamespace();
    using elsewhere = freshNamespace();
    using links = new Ear(here, { groups: ['link'] });
    using all = new Ear(here, { groups: ['neighbour', 'address4', 'address6', 'route4', 'route6'] });
    using other = new Ear(elsewhere, { groups: ['link', 'neighbour'] });
    here.run('ip', 'link', 'add', 'br0', 'address', '02:00:00:00:00:01', 'up', 'type', 'bridge');
    here.run('ip', 'addr', 'add', '10.9.0.1/24', 'dev', 'br0');
    here.run('ip', 'addr', 'add', 'fd09::1/64', 'dev', 'br0', 'nodad');
    here.run('ip', 'route', 'add', '10.10.0.0/24', 'via', '10.9.0.2');
    here.run(
      'ip',
      'neigh',
      'add',
      '10.9.0.3',
      'lladdr',
      '02:00:00:00:00:02',
      'dev',
      'br0',
      'nud',
      'permanent',
    );
    elsewhere.run('ip', 'link', 'set', 'lo', 'up');
    await until('the notices', () => other.count(newLink) > 0 && links.count(newLink) > 0);
    await until('a neighbour', () => all.count(newNeighbour) > 0);
    expect(links.notices.every(({ type }) => type === newLink)).toBe(true);
    expect(all.count(newLink)).toBe(0);
    expect([all.count(newAddress) >= 2, all.count(newRoute) >= 1]).toEqual([true, true]);
    const neighbour = all.notices.findLast(({ type }) => type === newNeighbour)!;
    expect(Buffer.from(neighbour.body).includes(Buffer.from('020000000002', 'hex'))).toBe(true);
    expect(other.notices.every(({ type }) => type === newLink)).toBe(true);
    expect([links.overruns, all.overruns, other.overruns]).toEqual([0, 0, 0]);
  });

  test('says that notices were lost, lives on, and says so again next time', async () => {
    using namespace = freshNamespace();
    using ear = new Ear(namespace, { groups: ['neighbour'], queueBytes: 8192 });
    const writer = openRtnetlink(namespace.path);
    try {
      await writer.send([request.addBridge('br0')]);
      const { ifindex } = JSON.parse(namespace.run('ip', '-j', 'link', 'show', 'br0'))[0] as {
        ifindex: number;
      };
      for (const storm of [1, 2]) {
        // One batch is carried out within one turn of the event loop: nothing is read meanwhile.
        const first = storm * 1000;
        await writer.send(Array.from({ length: 64 }, (_, i) => request.addNeighbour(ifindex, first + i)));
        await until(`overrun ${storm}`, () => ear.overruns >= storm);
        const heard = ear.count(newNeighbour);
        expect(heard).toBeLessThan(storm * 64);
        await until('the queue to drain', () => ear.count(newNeighbour) > 0);
        await writer.send([request.addNeighbour(ifindex, first + 500)]);
        await until('a later notice', () => ear.count(newNeighbour) > heard);
      }
    } finally {
      writer.close();
    }
  });

  test('that is closed hears no more', async () => {
    using namespace = freshNamespace();
    const closed = new Ear(namespace, { groups: ['link'] });
    closed[Symbol.dispose]();
    using open = new Ear(namespace, { groups: ['link'] });
    namespace.run('ip', 'link', 'set', 'lo', 'up');
    await until('the notice that another hears', () => open.count(newLink) > 0);
    expect(closed.notices).toEqual([]);
  });
});
