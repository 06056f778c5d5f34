import { describe, expect, test } from '@jest/globals';
import { web } from '../api/testing/fake-service.ts';
import { errorCodes, WeftError, type ErrorCode } from '../model/errors.ts';
import { typeWeft } from './testing/type-weft.ts';

interface Help {
  /** `network create` */
  readonly words: readonly string[];
  readonly text: string;
}

/** The commands that a help text lists. */
function listedIn(text: string): readonly string[] {
  const [, list = ''] = text.split('\nCommands:\n');
  return [...(list.split('\n\n')[0] ?? '').matchAll(/^ {2}([a-z]+)/gm)].map(([, name = '']) => name);
}

/** Every command that can be typed, found by going down from `weft --help`. */
async function walk(words: readonly string[] = []): Promise<readonly Help[]> {
  const { code, stdout: text, stderr, calls } = await typeWeft([...words, '--help']);
  expect([words, code, stderr, calls]).toEqual([words, 0, '', []]);
  const below = listedIn(text).filter((name) => name !== 'help');
  if (below.length === 0) return [{ words, text }];
  return (await Promise.all(below.map((name) => walk([...words, name])))).flat();
}

/** Why a command has no `-o json`. */
const withoutJson: Readonly<Record<string, string>> = {
  'store dump': 'what it writes are JSON lines, and -o is their file',
  'lab exec': 'what it writes is what the command on the host writes',
};
/** They reach no agent by its socket. */
const withoutSocket = /^(lab|store (check|dump|restore|copy))/;

describe('help', () => {
  test('of every command has an example of it, -o json and --socket; `help X` is the same', async () => {
    const leaves = await walk();
    const names = leaves.map(({ words }) => words.join(' '));
    // The walk has gone everywhere: a command of each group, and those without one.
    expect(names).toEqual(expect.arrayContaining(['network rm', 'node drain', 'store join', 'lab exec']));
    expect(names).toEqual(expect.arrayContaining(['attach', 'detach', 'run', 'events', 'status']));
    expect(names.length).toBeGreaterThanOrEqual(26);
    for (const { words, text } of leaves) {
      const name = words.join(' ');
      expect(text).toContain(`\nExample:\n  weft ${name}`);
      const flags = [/^ +-o, --output <format> +table or json/m.test(text), /^ +--socket </m.test(text)];
      expect([name, ...flags]).toEqual([name, !(name in withoutJson), !withoutSocket.test(name)]);
      const [, usage = ''] = /^Usage: weft (.*)$/m.exec(text) ?? [];
      expect(usage).toMatch(new RegExp(`^${name}\\b`));
    }
    const { text } = leaves.find(({ words }) => words.join(' ') === 'network rm')!;
    expect((await typeWeft(['help', 'network', 'rm'])).stdout).toBe(text);
  });

  test('of the program has the exit codes and an example', async () => {
    const { stdout } = await typeWeft(['--help']);
    expect(stdout).toContain('3 no daemon');
    expect(stdout).toContain('\nExample:\n  weft network create blue');
  });

  test('the version', async () => {
    expect(await typeWeft(['--version'])).toMatchObject({ code: 0, stdout: '1.2.3\n' });
  });
});

describe('usage errors', () => {
  test.each([
    [[], /Usage: weft/],
    [['network'], /Usage: weft network/],
    [['netwrok', 'ls'], /^weft: unknown command 'netwrok'\n\(Did you mean network\?\)/],
    [['network', 'ls', '--wide'], /^weft: unknown option '--wide'/],
    [['attach', 'c1', '--network', 'blue', '--route-priority', '-7'], /It must be a whole number/],
    [['network', 'ls', 'blue'], /^weft: too many arguments/],
    [['network', 'ls', '-o', 'yaml'], /It must be table or json\.\nAdd --help/],
    [['-o', 'yaml', 'network', 'ls'], /It must be table or json\.\nAdd --help/],
    [['-o'], /argument missing/],
    [['attach', 'c1'], /^weft: required option '--network <name>' not specified/],
    [['attach', 'c1', '--network', 'blue', '--timeout', '10'], /It must be a duration such as 500ms/],
    [
      ['attach', 'c1', '--network', 'blue', '--network', 'red'],
      /^weft: option '--network <name>' is given twice, and takes one value/,
    ],
    [['network', 'apply', '-f', 'a.yaml', '-f', 'b.yaml'], /^weft: option '-f.*' is given twice/],
    [['network', 'ls', '-o', 'json', '-o', 'table'], /^weft: option '-o, --output <format>' is given twice/],
    [['detach', 'c1'], /^weft: detach of a sandbox needs --network/],
    [['store'], /Usage: weft store/],
    [['store', 'restore', 'a.jsonl'], /^weft: required option '--store <url>' not specified/],
    [
      ['store', 'restore', 'a.jsonl', '--store', 'redis://a'],
      /^weft: store "redis:\/\/a" has the unknown scheme/,
    ],
    [['store', 'copy', 'file:///a.db'], /^weft: missing required argument 'to'/],
    [['store', 'copy', 'file:///a.db', 'file:///a.db'], /are the same store/],
    [['store', 'dump', '-o', 'json'], /writes JSON lines in any case, and -o names their file.*\.\/json/],
    [['store', 'dump', '-o', 'table'], /-o names their file/],
    [['store', 'dump', '--store', 'etcd://'], /^weft: store "etcd:\/\/" names no server/],
    [['detach', '--network', 'blue'], /^weft: detach takes one of SANDBOX, --endpoint and --key/],
    [['detach', 'c1', '--key', 'k', '--network', 'blue'], /^weft: detach takes one of/],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr, calls } = await typeWeft(args);
    expect([code, stdout, calls]).toEqual([2, '', []]);
    expect(stderr).toMatch(message);
  });

  test('of `weft run` have its own exit code', async () => {
    expect(await typeWeft(['run', 'true'])).toMatchObject({ code: 125 });
  });
});

describe('failures', () => {
  const failing = (code: ErrorCode) => ({
    listNodes: async () => {
      throw new WeftError(code, 'the nodes are away', { details: { why: 'a test' } });
    },
  });

  test.each<[ErrorCode, number]>([
    ['STORE_UNAVAILABLE', 1],
    ['INPUT_INVALID', 2],
    ['NETWORK_NOT_FOUND', 4],
    ['ADDRESS_TAKEN', 5],
    ['STORE_DENIED', 6],
    ['TIMEOUT', 7],
  ])('%s ends with %i', async (code, exit) => {
    const { code: actual, stdout, stderr } = await typeWeft(['node', 'ls'], { answers: failing(code) });
    expect(errorCodes[code].exit).toBe(exit);
    expect([actual, stdout, stderr]).toEqual([exit, '', 'weft: the nodes are away\n']);
  });

  test('nobody there: 3, and the socket is the one that was named last', async () => {
    const env = { WEFT_SOCKET: '/nowhere/env' };
    expect(await typeWeft(['node', 'ls'], { env })).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^weft: nobody answers on \/nowhere\/env: .*systemctl start weftd/),
    });
    const before = await typeWeft(['--socket', '/nowhere/a', 'node', 'ls'], { env });
    expect(before.stderr).toContain('/nowhere/a:');
    const after = await typeWeft(['--socket', '/nowhere/a', 'node', 'ls', '--socket', '/nowhere/b'], { env });
    expect(after.stderr).toContain('/nowhere/b:');
  });

  test('with -o json they are JSON on standard error', async () => {
    const { stdout, stderr } = await typeWeft(['node', 'ls', '-o', 'json'], { answers: failing('TIMEOUT') });
    expect(stdout).toBe('');
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: 'TIMEOUT',
        message: 'the nodes are away',
        retry: 'transient',
        details: { why: 'a test' },
      },
    });
  });

  test('a bug of ours shows where it is', async () => {
    const { code, stderr } = await typeWeft(['network', 'apply', '-f', 'unknown']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^weft: unexpected: the test has no file unknown\nError: .*\n\s+at /);
  });
});

describe('weft attach and detach', () => {
  test('attach sends what the flags say', async () => {
    const flags = ['--ip', '10.7.0.9', '--ip', 'fd00:7::9', '--mac', '02:57:0a:07:00:09', '--name', 'web'];
    const more = ['--interface', 'eth7', '--key', 'k', '--label', 'a=b', '--timeout', '2m'];
    const args = ['attach', '--network', 'blue', ...flags, ...more, 'c1'];
    const { code, stdout, calls } = await typeWeft(args);
    expect(code).toBe(0);
    expect(calls).toEqual([
      [
        'attach',
        {
          network: 'blue',
          sandbox: 'c1',
          key: 'k',
          name: 'web',
          addresses: ['10.7.0.9', 'fd00:7::9'],
          mac: '02:57:0a:07:00:09',
          interfaceName: 'eth7',
          labels: new Map([['a', 'b']]),
          timeout: 120_000,
        },
      ],
    ]);
    expect(stdout).toMatch(/^addresses {3}10\.7\.0\.2\/24\n {12}fd00:7::100\/64$/m);
    const json = await typeWeft(['attach', '--network', 'blue', 'c1', '-o', 'json']);
    expect(JSON.parse(json.stdout)).toEqual(web);
  });

  test('what only the agent can judge comes back from it', async () => {
    const { code, stderr } = await typeWeft(['attach', '--network', 'b/d', 'c1', '--ip', '10.7.0.256']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/network name "b\/d" is not allowed.*; addresses\[0\]: "10\.7\.0\.256" is not/);
  });

  test.each([
    [['c1', '--network', 'blue'], { network: 'blue', sandbox: 'c1', timeout: 10_000 }],
    [['--key', 'k', '--network', 'blue', '--timeout', '1s'], { network: 'blue', key: 'k', timeout: 1000 }],
    [['--endpoint', 'web', '--network', 'blue'], { network: 'blue', endpoint: 'web', timeout: 10_000 }],
  ])('detach %j', async (args, request) => {
    const { code, stdout, calls } = await typeWeft(['detach', ...args]);
    expect([code, stdout, calls]).toEqual([0, 'Detached.\n', [['detach', request]]]);
  });

  test('detach finds the network of an endpoint; one that is gone is success', async () => {
    const found = await typeWeft(['detach', '--endpoint', 'web']);
    expect(found.calls.map(([method]) => method)).toEqual(['inspectEndpoint', 'detach']);
    const inspectEndpoint = async (): Promise<never> => {
      throw new WeftError('ENDPOINT_NOT_FOUND', 'no endpoint web');
    };
    const gone = await typeWeft(['detach', '--endpoint', 'web'], { answers: { inspectEndpoint } });
    expect(gone).toMatchObject({ code: 0, stdout: 'There was nothing to detach.\n' });
    const others = await typeWeft(['detach', 'c1', '--network', 'blue'], {
      answers: { detach: async () => ({ detached: false, otherKeys: ['a', 'b'] }) },
    });
    expect(others).toMatchObject({
      code: 0,
      stdout:
        'There was nothing to detach. The sandbox is attached by another key, to be named by --key: a, b\n',
    });
    const json = await typeWeft(['detach', 'c1', '--network', 'blue', '-o', 'json']);
    expect(JSON.parse(json.stdout)).toEqual({ detached: true });
  });
});
