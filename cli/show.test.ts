import { describe, expect, test } from '@jest/globals';
import type { StatusJson } from '../api/schemas/status.ts';
import { happened, healthy, nodes, web } from '../api/testing/fake-service.ts';
import { span } from './output/span.ts';
import { typeWeft } from './testing/type-weft.ts';

describe('weft endpoint', () => {
  test('ls', async () => {
    const { name: _, ...nameless } = web;
    const other = { ...nameless, node: 'n2', local: false, programmed: false };
    const { stdout, calls } = await typeWeft(['endpoint', 'ls', '--network', 'blue'], {
      answers: { listEndpoints: async () => [web, other] },
    });
    expect(calls).toEqual([['listEndpoints', { network: 'blue' }]]);
    expect(stdout.replaceAll(/e{32}/g, 'e..')).toBe(`\
NETWORK  NAME  ALIASES  ADDRESSES                   MAC                NODE  SANDBOX        INTERFACE  STATE   PROGRAMMED  ID
blue     web   -        10.7.0.2/24 fd00:7::100/64  02:57:0a:07:00:02  n1    /run/netns/c1  eth0       active  yes         e..
blue     -     -        10.7.0.2/24 fd00:7::100/64  02:57:0a:07:00:02  n2    /run/netns/c1  eth0       active  no          e..
`);
  });

  test('inspect', async () => {
    const lost = {
      ...web,
      state: 'conflict' as const,
      conflictWith: 'endpoint f00 of n2',
      labels: { a: 'b' },
    };
    const { stdout, calls } = await typeWeft(['endpoint', 'inspect', 'web', '--network', 'blue'], {
      answers: { inspectEndpoint: async () => lost },
    });
    expect(calls).toEqual([['inspectEndpoint', { endpoint: 'web', network: 'blue' }]]);
    expect(stdout).toBe(`\
id          ${web.id}
network     blue
name        web
addresses   10.7.0.2/24
            fd00:7::100/64
MAC         02:57:0a:07:00:02
node        n1 (this one)
sandbox     /run/netns/c1 (key netns:c1)
interface   eth0
state       conflict with endpoint f00 of n2
programmed  yes (in the kernel of the node that answers)
labels      a=b
`);
  });

  test('one that is not programmed says why', async () => {
    const pending = 'its node 00000000000000a1 is not known yet';
    const answers = { inspectEndpoint: async () => ({ ...web, local: false, programmed: false, pending }) };
    const { stdout } = await typeWeft(['endpoint', 'inspect', 'web'], { answers });
    expect(stdout).toContain(`programmed  no (${pending})\n`);
  });

  test.each([
    [undefined, 'a namespace of its name is awaited'],
    ['2026-11-25T10:00:10.000Z', 'detached soon after 2026-11-25T10:00:10.000Z unless attached again'],
  ])('one whose sandbox is gone says so (until %s)', async (until, what) => {
    const since = '2026-11-25T10:00:00.000Z';
    const gone = { since, ...(until === undefined ? {} : { until }) };
    const shown = { ...web, sandbox: { ...web.sandbox, gone } };
    const answers = { inspectEndpoint: async () => shown, listEndpoints: async () => [shown] };
    const { stdout } = await typeWeft(['endpoint', 'inspect', 'web'], { answers });
    expect(stdout).toContain(`sandbox     /run/netns/c1 (key netns:c1), gone since ${since}; ${what}\n`);
    expect((await typeWeft(['endpoint', 'ls'], { answers })).stdout).toContain(
      ' /run/netns/c1 (gone)  eth0 ',
    );
  });

  test('as JSON', async () => {
    expect(JSON.parse((await typeWeft(['endpoint', 'ls', '-o', 'json'])).stdout)).toEqual([web]);
    expect(JSON.parse((await typeWeft(['endpoint', 'inspect', 'web', '-o', 'json'])).stdout)).toEqual(web);
  });
});

describe('weft events', () => {
  const lines = [
    '2026-11-25T10:00:00.000Z  agent-ready         weftd on n1 is ready',
    '2026-11-25T10:00:07.125Z  node-down           node n2 is down; its endpoints stay',
  ];

  test('as lines and as JSON; the last ones alone', async () => {
    expect((await typeWeft(['events'])).stdout).toBe(`${lines.join('\n')}\n`);
    expect((await typeWeft(['events', '--last', '1'])).stdout).toBe(`${lines[1]}\n`);
    expect(JSON.parse((await typeWeft(['events', '-o', 'json'])).stdout)).toEqual(happened);
    const empty = { events: async () => ({ events: [], last: 0 }) };
    expect((await typeWeft(['events'], { answers: empty })).stdout).toBe('nothing has happened yet\n');
  });

  test('follows until the agent is gone, each question from the last answer on', async () => {
    const asked: unknown[] = [];
    const answers = {
      events: async (request: { readonly after: number; readonly wait: number }) => {
        asked.push(request);
        if (asked.length === 4) throw new Error('the agent ends');
        const number = request.after + 1;
        return { events: [{ ...happened[0]!, number, message: `event ${number}` }], last: number };
      },
    };
    const { stdout, code } = await typeWeft(['events', '-f', '-o', 'json', '--last', '0'], { answers });
    expect(asked.map((each) => (each as { after: number }).after)).toEqual([0, 1, 2, 3]);
    const shown = stdout
      .trimEnd()
      .split('\n')
      .map((text) => (JSON.parse(text) as { number: number }).number);
    expect(shown).toEqual([2, 3]);
    expect(code).toBe(1);
  });
});

describe('weft node ls', () => {
  test('as a table and as JSON', async () => {
    expect((await typeWeft(['node', 'ls'])).stdout).toBe(`\
NAME  STATE  VTEPS                  MTU   ENDPOINTS  VERSION  ID
n1 *  alive  192.0.2.1 2001:db8::1  1500  1          0.1.0    ${'1'.repeat(32)}
n2    down   192.0.2.2              1500  -          0.1.0    ${'2'.repeat(32)}
`);
    expect(JSON.parse((await typeWeft(['node', 'ls', '-o', 'json'])).stdout)).toEqual(nodes);
  });
});

describe('weft status', () => {
  const status = (change: Partial<StatusJson>, ...flags: readonly string[]) =>
    typeWeft(['status', ...flags], { answers: { status: async () => ({ ...healthy, ...change }) } });

  test('healthy', async () => {
    expect(await status({})).toMatchObject({
      code: 0,
      stdout: `\
healthy

weftd      0.1.0 on n1, up 1 h 2 min
phase      ready
node       ${'1'.repeat(32)}, VTEP 192.0.2.1
cluster    c0ffee, IPv4 tunnels, port 4789
pools      base=10.64.0.0/11,size=24
           base=fd00:7::/48,size=64
store      etcd://10.0.0.1:2379, insync since 2026-11-25T10:00:00.000Z
networks   2
endpoints  1 here, 3 elsewhere
kernel     40 objects wanted, 0 pending, 0 failed
`,
    });
  });

  test('what was repaired is counted, and is no reason to be unhealthy', async () => {
    const { code, stdout } = await status({ repairs: { veth: 1, fdb: 12 } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nrepairs +12 fdb, 1 veth: changed by somebody, and as it was\n$/);
  });

  test('a warning is shown, and is no reason to be unhealthy', async () => {
    const warnings = [{ what: 'network blue', why: 'its declaration was deleted', hint: 'put it back' }];
    const { code, stdout } = await status({ warnings });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^healthy\n\* network blue: its declaration was deleted \(put it back\)\n\n/);
  });

  test.each<[Partial<StatusJson>, string]>([
    [{ phase: 'joining', cluster: null, node: { id: 'n', name: 'n1', vteps: [] } }, '! not ready: joining'],
    [{ store: { ...healthy.store, state: 'stale' } }, '! the store is stale since 2026-11-25T10:00:00.000Z'],
    [{ objects: { desired: 1, failed: 1, pending: 0 } }, '! 1 kernel objects could not be programmed'],
    [
      { problems: [{ what: 'networks/red', why: 'is no\nJSON', hint: 'mend it' }] },
      '! networks/red: is no?JSON (mend it)',
    ],
  ])('unhealthy, first of all why: %j', async (change, line) => {
    const { code, stdout } = await status(change);
    expect(code).toBe(1);
    expect(stdout.split('\n')[0]).toBe(line);
    const json = await status(change, '-o', 'json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toEqual({ ...healthy, ...change });
  });
});

test('on a terminal what is wrong comes first, in red', async () => {
  const problems = [{ what: 'kernel object br0', why: 'EBUSY' }];
  const warnings = [{ what: 'network blue', why: 'its declaration was deleted' }];
  const answers = { status: async () => ({ ...healthy, problems, warnings }) };
  const [first, second] = (await typeWeft(['status'], { answers, painted: true })).stdout.split('\n');
  expect(first).toBe('\x1b[31m! kernel object br0: EBUSY\x1b[39m');
  expect(second).toBe('\x1b[33m* network blue: its declaration was deleted\x1b[39m');
});

test.each([
  [0.4, '0 s'],
  [59.9, '59 s'],
  [60, '1 min'],
  [3599, '59 min'],
  [12_000, '3 h 20 min'],
  [86_400 * 12 + 3600 * 4, '12 d 4 h'],
])('%d seconds are %s', (seconds, text) => {
  expect(span(seconds)).toBe(text);
});
