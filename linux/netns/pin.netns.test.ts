import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { freshDirectory, freshNamespace, until } from '../testing/fresh-namespace.ts';
import { cookieOf, ensureThreadPool, inNamespace, interfacesIn, isNamespace, ownNamespace } from './netns.ts';
import { deleteNamespace, makeNamespace, readMark, removeDeadPins } from './pin.ts';

beforeAll(ensureThreadPool);

const mark = 'weft c0ffee 00000000000000f1 00000000000000a1';
const home = (): string => readlinkSync(ownNamespace);
const linesOf = (path: string, ...args: string[]): string =>
  execFileSync('nsenter', [`--net=${path}`, 'ip', ...args], { encoding: 'utf8' });

/** A path at which a test pins; whatever is pinned there is unpinned afterwards. */
function pinPath(): Disposable & { readonly path: string; readonly directory: string } {
  const directory = freshDirectory();
  const path = join(directory.path, 'weft-00000000000000a1');
  return {
    path,
    directory: directory.path,
    [Symbol.dispose]: () => {
      deleteNamespace(path);
      directory[Symbol.dispose]();
    },
  };
}

describe('makeNamespace', () => {
  test('pins a namespace of its own whose lo is up and marked, and stays at home', async () => {
    using pin = pinPath();
    const before = home();
    makeNamespace(pin.path, mark);
    expect(home()).toBe(before);
    expect(isNamespace(pin.path)).toBe(true);
    expect(cookieOf(pin.path)).not.toBe(cookieOf(ownNamespace));
    const [lo] = JSON.parse(linesOf(pin.path, '-j', 'link', 'show')) as [
      { ifalias: string; flags: string[] },
    ];
    expect([lo.ifalias, lo.flags.includes('UP')]).toEqual([mark, true]);
    expect(await readMark(pin.path)).toBe(mark);
    expect(interfacesIn(pin.path)).toEqual(['lo']);
  });

  test('makes the directories on the way', () => {
    using pin = pinPath();
    const path = join(pin.directory, 'a/b/ns');
    makeNamespace(path, mark);
    expect(isNamespace(path)).toBe(true);
    deleteNamespace(path);
  });

  test('leaves a namespace alone that is pinned there already', async () => {
    using pin = pinPath();
    makeNamespace(pin.path, mark);
    const cookie = cookieOf(pin.path);
    expect(() => makeNamespace(pin.path, 'another')).toThrow(
      expect.objectContaining({
        code: 'KERNEL_REFUSED',
        details: expect.objectContaining({ errno: 'EEXIST' }),
      }),
    );
    expect([cookieOf(pin.path), await readMark(pin.path)]).toEqual([cookie, mark]);
  });

  test('goes over the file that an interrupted one left behind', () => {
    using pin = pinPath();
    writeFileSync(pin.path, '');
    expect(isNamespace(pin.path)).toBe(false);
    makeNamespace(pin.path, mark);
    expect(isNamespace(pin.path)).toBe(true);
  });

  test('pins nothing that could not be marked', () => {
    using pin = pinPath();
    const before = home();
    expect(() => makeNamespace(pin.path, 'x'.repeat(300))).toThrow(
      expect.objectContaining({ code: 'KERNEL_REFUSED', message: expect.stringContaining('ERANGE') }),
    );
    expect([existsSync(pin.path), home()]).toEqual([false, before]);
  });

  test('leaves nothing when the pin is refused', () => {
    using pin = pinPath();
    const before = home();
    const path = join(pin.directory, 'x'.repeat(300));
    expect(() => makeNamespace(path, mark)).toThrow(expect.objectContaining({ code: 'KERNEL_REFUSED' }));
    expect([readdirSync(pin.directory), home()]).toEqual([[], before]);
    writeFileSync(join(pin.directory, 'file'), '');
    expect(() => makeNamespace(join(pin.directory, 'file/ns'), mark)).toThrow(
      expect.objectContaining({ code: 'KERNEL_REFUSED' }),
    );
  });

  test('removes its file when the mount is refused', () => {
    using pin = pinPath();
    const script = `
      import { ensureThreadPool } from './linux/netns/netns.ts';
      import { makeNamespace } from './linux/netns/pin.ts';
      await ensureThreadPool();
      try { makeNamespace(process.argv[1], 'm'); } catch (e) { console.log(e.code, e.message); }`;
    const inject = ['-f', '-o', '/dev/null', '-e', 'trace=mount', '-e', 'inject=mount:error=ENOMEM'];
    const node = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script, pin.path];
    const printed = execFileSync('strace', [...inject, process.execPath, ...node], { encoding: 'utf8' });
    expect(printed).toBe(
      `KERNEL_REFUSED cannot pin the network namespace ${pin.path}: mount answered ENOMEM\n`,
    );
    expect(readdirSync(pin.directory)).toEqual([]);
  });
});

describe('deleteNamespace', () => {
  test('ends the namespace, and is a success when there is none', async () => {
    using pin = pinPath();
    using near = freshNamespace();
    makeNamespace(pin.path, mark);
    near.run('ip', 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pin.path);
    deleteNamespace(pin.path);
    expect(existsSync(pin.path)).toBe(false);
    await until('the namespace to end', () => !interfacesIn(near.path).includes('v0'));
    deleteNamespace(pin.path);
    deleteNamespace(join(pin.directory, 'no/such/directory'));
  });

  test('undoes all pins that lie upon each other', () => {
    using pin = pinPath();
    makeNamespace(pin.path, mark);
    execFileSync('mount', ['--bind', '/proc/self/ns/net', pin.path]);
    deleteNamespace(pin.path);
    expect(existsSync(pin.path)).toBe(false);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(pin.path);
  });

  test('removes no directory', () => {
    using pin = pinPath();
    mkdirSync(join(pin.directory, 'd'));
    expect(() => deleteNamespace(join(pin.directory, 'd'))).toThrow(
      expect.objectContaining({ code: 'KERNEL_REFUSED' }),
    );
  });
});

describe('readMark', () => {
  test('of a namespace without a mark is undefined', async () => {
    using namespace = freshNamespace();
    expect(await readMark(namespace.path)).toBeUndefined();
    namespace.run('ip', 'link', 'set', 'lo', 'alias', 'by hand');
    expect(await readMark(namespace.path)).toBe('by hand');
  });

  test('of something else is SANDBOX_INVALID', async () => {
    await expect(readMark('/etc')).rejects.toMatchObject({ code: 'SANDBOX_INVALID' });
  });
});

test('a pin in the directory of `ip netns` can be undone after `ip netns` was used for the first time', () => {
  // In a mount namespace of its own, where /run/netns is no mount yet.
  const script = `
    import { execFileSync } from 'node:child_process';
    import { readFileSync } from 'node:fs';
    import { ensureThreadPool } from './linux/netns/netns.ts';
    import { deleteNamespace, makeNamespace } from './linux/netns/pin.ts';
    await ensureThreadPool();
    makeNamespace('/run/netns/ours', 'm');
    execFileSync('ip', ['netns', 'add', 'theirs']);
    makeNamespace('/run/netns/ours2', 'm');
    const pin = /netns\\/(?:ours2?|theirs)(?= .* nsfs )/g;
    const pinned = () => readFileSync('/proc/self/mountinfo', 'utf8').match(pin) ?? [];
    console.log(pinned().join());
    deleteNamespace('/run/netns/ours');
    deleteNamespace('/run/netns/ours2');
    console.log(pinned().join());`;
  const node = `exec "$0" --disable-warning=ExperimentalWarning --input-type=module -e "$1"`;
  const shell = ['sh', '-ec', `mount -t tmpfs none /run; ${node}`, process.execPath, script];
  const printed = execFileSync('unshare', ['--mount', '--propagation', 'private', ...shell], {
    encoding: 'utf8',
  });
  expect(printed).toBe('netns/ours,netns/theirs,netns/ours2\nnetns/theirs\n');
});

test('what is pinned keeps nothing of the work that was done inside', () => {
  using pin = pinPath();
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  makeNamespace(pin.path, mark);
  expect(inNamespace(pin.path, home)).not.toBe(home());
  expect(open()).toBe(before);
});

describe('removeDeadPins', () => {
  test('removes what pins nothing, and nothing else', () => {
    using pin = pinPath();
    const { directory } = pin;
    makeNamespace(pin.path, mark);
    const file = (name: string, text = ''): string => {
      writeFileSync(join(directory, name), text);
      return join(directory, name);
    };
    const dead = file('weft-00000000000000a2');
    file('other');
    file('weft-00000000000000a3', 'somebody has written here');
    mkdirSync(join(directory, 'weft-00000000000000a4'));
    const isOurs = (name: string): boolean => name.startsWith('weft-');
    expect(removeDeadPins(directory, isOurs)).toEqual([dead]);
    expect(existsSync(dead)).toBe(false);
    expect(isNamespace(pin.path)).toBe(true);
    expect(readdirSync(directory).toSorted()).toEqual([
      'other',
      'weft-00000000000000a1',
      'weft-00000000000000a3',
      'weft-00000000000000a4',
    ]);
    expect(removeDeadPins(directory, isOurs)).toEqual([]);
    expect(removeDeadPins(join(directory, 'none'), isOurs)).toEqual([]);
    rmSync(join(directory, 'weft-00000000000000a4'), { recursive: true });
  });
});
