import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { freshDirectory, freshNamespace, until, type FreshNamespace } from '../testing/fresh-namespace.ts';
import * as request from '../testing/requests.ts';
import {
  cookieHere,
  cookieOf,
  ensureThreadPool,
  fdOf,
  inNamespace,
  interfacesIn,
  isNamespace,
  openRtnetlink,
  ownNamespace,
  visitRtnetlink,
} from './netns.ts';
import { readSettings } from './sysctl.ts';

beforeAll(ensureThreadPool);

const here = (): string => readlinkSync(ownNamespace);
/** `net:[INODE]` of the namespace, as `ownNamespace` reads inside. */
const linkOf = (namespace: FreshNamespace): string => namespace.run('readlink', '/proc/self/ns/net').trim();

describe('inNamespace', () => {
  test('works inside and comes back, by path and by descriptor', () => {
    using namespace = freshNamespace();
    const home = here();
    expect(inNamespace(namespace.path, here)).toBe(linkOf(namespace));
    expect(here()).toBe(home);
    const fd = fdOf(namespace.path);
    expect(inNamespace(fd, here)).toBe(linkOf(namespace));
    expect(inNamespace(fd, here)).toBe(linkOf(namespace));
    closeSync(fd);
    expect(here()).toBe(home);
  });

  test('comes back when the work throws', () => {
    using namespace = freshNamespace();
    const home = here();
    const failure = new Error('no');
    const work = (): void => {
      expect(here()).not.toBe(home);
      throw failure;
    };
    expect(() => inNamespace(namespace.path, work)).toThrow(failure);
    expect(here()).toBe(home);
  });

  test('goes back to where it came from when it is used within itself', () => {
    using outer = freshNamespace();
    using inner = freshNamespace();
    const seen = inNamespace(outer.path, () => [here(), inNamespace(inner.path, here), here()]);
    expect(seen).toEqual([linkOf(outer), linkOf(inner), linkOf(outer)]);
  });

  test('refuses work that is not over when it returns', () => {
    using namespace = freshNamespace();
    const home = here();
    expect(() => inNamespace(namespace.path, async () => undefined)).toThrow(
      expect.objectContaining({ code: 'INVARIANT' }),
    );
    expect(here()).toBe(home);
  });

  test('leaves no descriptor open', () => {
    using namespace = freshNamespace();
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    for (let i = 0; i < 5; i += 1) {
      cookieOf(namespace.path);
      expect(() => inNamespace('/etc/hostname', here)).toThrow();
    }
    expect(open()).toBe(before);
  });

  const wrong = ['/etc/passwd', '/proc/self/ns/mnt', '/nowhere/at/all', '/', '/dev/null', 'relative', ''];
  test.each(wrong)('%p is no network namespace, and the refusal names it', (path) => {
    expect(isNamespace(path)).toBe(false);
    expect(() => inNamespace(path, here)).toThrow(
      expect.objectContaining({
        code: 'SANDBOX_INVALID',
        message: expect.stringMatching(
          `^${path} does not lead to a network namespace: (what is there is no namespace|it is a namespace of another kind|nothing is there)$`,
        ),
      }),
    );
  });

  test('a descriptor of something else is refused as well', () => {
    const fd = process.stdout.fd;
    expect(() => inNamespace(fd, here)).toThrow(expect.objectContaining({ code: 'SANDBOX_INVALID' }));
  });

  test('where the way back is barred the process ends and says why', () => {
    using namespace = freshNamespace();
    const script = `
      import { ensureThreadPool, inNamespace } from './linux/netns/netns.ts';
      await ensureThreadPool();
      try { inNamespace(process.argv[1], () => console.log('inside')); } finally { console.log('goes on'); }`;
    const inject = ['-f', '-o', '/dev/null', '-e', 'trace=setns', '-e', 'inject=setns:error=EPERM:when=2'];
    const ended = spawnSync('strace', [...inject, process.execPath, ...nodeScript(script), namespace.path], {
      encoding: 'utf8',
    });
    expect([ended.signal, ended.stdout]).toEqual(['SIGABRT', 'inside\n']);
    expect(ended.stderr).toContain('cannot leave a network namespace (setns answered EPERM)');
  });

  test('without privilege it is PERMISSION_DENIED, and says what is missing', () => {
    using namespace = freshNamespace();
    const script = `
      import { ensureThreadPool, inNamespace } from './linux/netns/netns.ts';
      await ensureThreadPool();
      try { inNamespace(process.argv[1], () => 'inside'); } catch (e) { console.log(e.code, e.message); }`;
    const capless = ['--bounding-set=-sys_admin,-net_admin', '--inh-caps=-sys_admin,-net_admin'];
    const printed = execFileSync(
      'setpriv',
      [...capless, process.execPath, ...nodeScript(script), namespace.path],
      {
        encoding: 'utf8',
      },
    );
    expect(printed).toMatch(/^PERMISSION_DENIED cannot enter the network namespace .*CAP_SYS_ADMIN/);
  });
});

const nodeScript = (script: string): string[] => [
  '--disable-warning=ExperimentalWarning',
  '--input-type=module',
  '-e',
  script,
];

/** How many namespaces the threads of a process are in whose first look at a file falls into a stretch elsewhere. */
function namespacesOfThreads(enter: string): string {
  const script = `
    import { readdirSync, readlinkSync } from 'node:fs';
    import { stat } from 'node:fs/promises';
    import { attempt } from './linux/libc.ts';
    import { awayFromHome, ensureThreadPool } from './linux/netns/netns.ts';
    import { openSync } from 'node:fs';
    const elsewhere = () => attempt('unshare', 0x40000000);
    let looked;
    const look = () => { looked = stat('/'); };
    try {
      ${enter}
      await looked;
      const links = readdirSync('/proc/self/task').map((t) => readlinkSync('/proc/self/task/' + t + '/ns/net'));
      console.log(new Set(links).size);
    } catch (e) { console.log(e.code); }`;
  return execFileSync(process.execPath, nodeScript(script), { encoding: 'utf8' }).trim();
}

describe('the thread pool', () => {
  test('would be born inside', () => {
    const bare = `
      const home = openSync('/proc/thread-self/ns/net');
      elsewhere(); look(); attempt('setns', home, 0);`;
    expect(namespacesOfThreads(bare)).toBe('2');
  });

  test('is not born inside once it was ensured', () => {
    expect(namespacesOfThreads('await ensureThreadPool(); awayFromHome(elsewhere, look);')).toBe('1');
  });

  test('has to be ensured first', () => {
    expect(namespacesOfThreads('awayFromHome(elsewhere, look);')).toBe('INVARIANT');
  });
});

describe('a sandbox', () => {
  /** A veth pair from one namespace into another: its near end vanishes with the far namespace. */
  function tied(near: FreshNamespace, far: FreshNamespace, name: string): () => boolean {
    near.run('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', far.path);
    return () => interfacesIn(near.path).includes(name);
  }

  test('is gone when its last process is, however often it was visited', async () => {
    using node = freshNamespace();
    using sandbox = freshNamespace();
    const lives = tied(node, sandbox, 'v0');
    await visitRtnetlink(sandbox.path, (rtnetlink) => rtnetlink.dump(request.dumpLinks));
    await expect(visitRtnetlink(sandbox.path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    cookieOf(sandbox.path);
    interfacesIn(sandbox.path);
    readSettings(sandbox.path, ['net/ipv4/ip_forward']);
    expect(lives()).toBe(true);
    sandbox.unpin();
    await until('the sandbox to end', () => !lives());
  });

  test('lives as long as a socket that was opened for good', async () => {
    using node = freshNamespace();
    using sandbox = freshNamespace();
    using other = freshNamespace();
    const [held, free] = [tied(node, sandbox, 'v0'), tied(node, other, 'v1')];
    const rtnetlink = openRtnetlink(sandbox.path);
    try {
      sandbox.unpin();
      other.unpin();
      await until('the other sandbox to end', () => !free());
      expect(held()).toBe(true);
    } finally {
      rtnetlink.close();
    }
    await until('the sandbox to end', () => !held());
  });
});

describe('what is known of a namespace', () => {
  test('its cookie is the same each time, and another one’s is another', () => {
    using a = freshNamespace();
    using b = freshNamespace();
    const cookies = [
      cookieOf(a.path),
      cookieOf(b.path),
      cookieOf(a.path),
      cookieHere(),
      cookieOf(ownNamespace),
    ];
    expect(cookies[2]).toBe(cookies[0]);
    expect(cookies[4]).toBe(cookies[3]);
    expect(new Set(cookies).size).toBe(3);
    expect(cookies.every((cookie) => /^[1-9]\d*$/.test(cookie))).toBe(true);
  });

  test('its interfaces', () => {
    using namespace = freshNamespace();
    for (const name of ['br0', 'a.b-c@d', 'exactly15bytes_']) {
      namespace.run('ip', 'link', 'add', 'name', name, 'type', 'bridge');
    }
    expect(interfacesIn(namespace.path)).toEqual(['lo', 'br0', 'a.b-c@d', 'exactly15bytes_']);
  });

  test('a file that a lost pin left behind is none', () => {
    using directory = freshDirectory();
    const path = join(directory.path, 'dead');
    execFileSync('touch', [path]);
    expect(isNamespace(path)).toBe(false);
  });
});
