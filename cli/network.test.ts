import { describe, expect, test } from '@jest/globals';
import { toFailureJson } from '../api/failure.ts';
import type { AcceptedNetworkJson, PlannedNetworkJson } from '../api/schemas/network.ts';
import type { PlanNetworks } from '../api/service.ts';
import { blue, change, refused } from '../api/testing/fake-service.ts';
import { WeftError } from '../model/errors.ts';
import { typeWeft } from './testing/type-weft.ts';

const waitsFor = [
  { node: 'n3', alive: false, endpoints: 2 },
  { node: 'n2', alive: true, endpoints: 1 },
];

describe('weft network ls', () => {
  test('as a table', async () => {
    const removing = { ...blue, name: 'old', phase: 'removing' as const, endpoints: null, waitsFor };
    const undeclared = { ...blue, name: 'lone', declared: false };
    const edited = { ...blue, name: 'pink', refusedEdit: { why: 'MTU 99999 is too large' } };
    const { code, stdout } = await typeWeft(['network', 'ls'], {
      answers: { listNetworks: async () => [blue, removing, undeclared, edited, refused] },
    });
    expect(code).toBe(0);
    expect(stdout).toBe(`\
NAME  STATE       VNI      SUBNETS                  MTU   ENDPOINTS  NOTE
blue  active      1048577  10.7.0.0/24 fd00:7::/64  1450  1          -
old   removing    1048577  10.7.0.0/24 fd00:7::/64  1450  -          waits for 2 endpoints of n3 (down), 1 of n2
lone  undeclared  1048577  10.7.0.0/24 fd00:7::/64  1450  1          -
pink  active      1048577  10.7.0.0/24 fd00:7::/64  1450  1          edit refused: MTU 99999 is too large
red   refused     -        -                        -     -          10.7.0.0/25 overlaps network blue
`);
  });

  test.each([[['network', 'ls', '-o', 'json']], [['-o', 'json', 'network', 'ls']]])(
    'as JSON: %j',
    async (args) => {
      const { code, stdout } = await typeWeft(args);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toEqual([blue, refused]);
    },
  );

  test('what others wrote does not move the cursor', async () => {
    const hostile = { ...refused, why: 'a\x1b[2Jb\nc' };
    const { stdout } = await typeWeft(['network', 'ls'], {
      answers: { listNetworks: async () => [hostile] },
    });
    expect(stdout).toContain('a?[2Jb?c\n');
  });
});

describe('weft network inspect', () => {
  test('an accepted one', async () => {
    const { stdout, calls } = await typeWeft(['network', 'inspect', 'blue']);
    expect(calls).toEqual([['inspectNetwork', { name: 'blue' }]]);
    expect(stdout).toBe(`\
name         blue
id           00000000000000b1
state        active
driver       overlay
VNI          1048577
subnets      10.7.0.0/24, gateway 10.7.0.1
             fd00:7::/64, gateway fd00:7::1, range fd00:7::100/120, router fd00:7::2
MTU          1450 (from the nodes)
internal     no
may overlap  no
labels       team=a
endpoints    1
created      2026-11-25T10:00:00.000Z by n1
`);
  });

  test.each<[string, Partial<AcceptedNetworkJson>, RegExp]>([
    [
      'without a declaration',
      { declared: false },
      /^state +undeclared: its declaration was deleted; it goes with its last endpoint$/m,
    ],
    [
      'that is being removed',
      { phase: 'removing', waitsFor },
      /^state +removing, waits for 2 endpoints of n3 \(down\), 1 of n2$/m,
    ],
    [
      'that is being removed and waits for one',
      { phase: 'removing', waitsFor: waitsFor.slice(1) },
      /^state +removing, waits for 1 endpoint of n2$/m,
    ],
    ['that nobody can tell of', { endpoints: null }, /^endpoints +- \(this node cannot tell now\)$/m],
    [
      'with endpoints',
      {
        endpoints: 51,
        attached: [
          {
            id: 'e'.repeat(32),
            name: 'web',
            node: 'n1',
            addresses: ['10.7.0.2/24', 'fd00:7::100/64'],
            sandbox: '/run/netns/c1',
            interfaceName: 'eth0',
            state: 'active',
            createdAt: '2026-11-25T10:00:01.000Z',
          },
        ],
      },
      /^endpoints +51\n +web on n1: 10\.7\.0\.2\/24 fd00:7::100\/64, eth0 in \/run\/netns\/c1, since 2026-11-25T10:00:01\.000Z\n +and 50 more: weft endpoint ls --network blue$/m,
    ],
    [
      'that was changed',
      { changed: { by: 'n2', at: '2026-11-25T11:00:00.000Z' } },
      /^changed +2026-11-25T11:00:00\.000Z by n2$/m,
    ],
  ])('one %s', async (_, change, line) => {
    const { stdout } = await typeWeft(['network', 'inspect', 'blue'], {
      answers: { inspectNetwork: async () => ({ ...blue, ...change }) },
    });
    expect(stdout).toMatch(line);
  });

  test('a refused one', async () => {
    const { stdout } = await typeWeft(['network', 'inspect', 'red'], {
      answers: { inspectNetwork: async () => refused },
    });
    expect(stdout).toBe('name   red\nstate  refused\nwhy    10.7.0.0/25 overlaps network blue\n');
  });
});

describe('weft network create', () => {
  test('declares what the flags say', async () => {
    const args = [
      '--subnet',
      '10.7.0.0/24',
      '--subnet',
      'fd00:7::/64',
      '--gateway',
      'fd00:7::1',
      '--mtu',
      '1400',
    ];
    const { code, calls } = await typeWeft(['network', 'create', 'blue', ...args, '--internal']);
    expect(code).toBe(0);
    const subnets = ['10.7.0.0/24', { cidr: 'fd00:7::/64', gateway: 'fd00:7::1' }];
    expect(calls).toEqual([
      ['createNetwork', { name: 'blue', declaration: { subnets, mtu: 1400, internal: true } }],
    ]);
  });

  test.each<[readonly string[], object]>([
    [[], {}],
    [['--ipv6'], { ipv6: true }],
    [['--no-ipv4', '--ipv6'], { ipv4: false, ipv6: true }],
    [['--subnet', 'fd00::/64', '--ipv4'], { subnets: ['fd00::/64'], ipv4: true }],
  ])('%j leaves the rest to the address pools', async (flags, declaration) => {
    const { code, calls } = await typeWeft(['network', 'create', 'blue', ...flags]);
    expect([code, calls]).toEqual([0, [['createNetwork', { name: 'blue', declaration }]]]);
  });

  test.each([
    [
      ['--subnet', '10.7.0.1/24'],
      /^weft: "10\.7\.0\.1\/24" has host bits set; did you mean 10\.7\.0\.0\/24\?$/m,
    ],
    [['--gateway', '10.7.0.1'], /^weft: --gateway 10\.7\.0\.1 needs the --subnet that holds it$/m],
    [['--subnet', '10.7.0.0/24', '--mtu', '1k'], /^weft: option '--mtu <bytes>' argument '1k' is invalid/],
  ])('%j is refused without asking anybody', async (args, message) => {
    const { code, stderr, calls } = await typeWeft(['network', 'create', 'blue', ...args]);
    expect([code, calls]).toEqual([2, []]);
    expect(stderr).toMatch(message);
  });
});

describe('weft network pools', () => {
  const shown = `\
BASE          SIZE  TOTAL  SUBNETS
10.64.0.0/11  24    8192   2
fd00:7::/48   64    65536  1
`;
  test.each<[readonly string[], readonly unknown[]]>([
    [[], ['listPools', undefined]],
    [
      ['--set', 'base=10.64.0.0/11,size=24', '--set', 'x'],
      ['setPools', { pools: 'base=10.64.0.0/11,size=24 x' }],
    ],
    [['--reset'], ['setPools', { pools: '' }]],
  ])('%j', async (flags, call) => {
    const { code, stdout, calls } = await typeWeft(['network', 'pools', ...flags]);
    expect([code, stdout, calls]).toEqual([0, shown, [call]]);
  });

  test('one or the other', async () => {
    expect((await typeWeft(['network', 'pools', '--reset', '--set', 'x'])).code).toBe(2);
  });
});

describe('weft network rm', () => {
  test('says whether it is gone', async () => {
    const gone = await typeWeft(['network', 'rm', 'blue']);
    expect(gone).toMatchObject({ code: 0, stdout: 'Removed network blue.\n' });
    expect(gone.calls).toEqual([['removeNetwork', { name: 'blue', force: false }]]);
    const going = await typeWeft(['network', 'rm', 'blue', '--force'], {
      answers: { removeNetwork: async () => ({ state: 'removing', waitsFor }) },
    });
    expect(going.stdout).toBe(
      'Network blue is being removed: nothing can be attached any more; ' +
        'waits for 2 endpoints of n3 (down), 1 of n2.\n',
    );
    expect(going.calls).toEqual([['removeNetwork', { name: 'blue', force: true }]]);
  });
});

describe('weft network apply', () => {
  const files = { 'nets.yaml': 'blue: {subnets: [10.7.0.0/24]}\nred: {subnets: [10.7.0.0/25]}\n' };
  const applyNetwork = async ({ name }: { readonly name: string }) => {
    if (name === 'red') throw new WeftError('NETWORK_REFUSED', '10.7.0.0/25 overlaps network blue');
    return { outcome: 'changed' as const, network: blue };
  };

  test('one that fails is named and keeps no other back', async () => {
    const reversed = { 'nets.yaml': files['nets.yaml'].split('\n').toReversed().join('\n') };
    const { code, stdout, stderr } = await typeWeft(['network', 'apply', '-f', 'nets.yaml'], {
      answers: { applyNetwork },
      files: reversed,
    });
    expect(code).toBe(5);
    expect(stdout).toBe('NAME  OUTCOME\nred   failed\nblue  changed\n');
    expect(stderr).toBe('weft: red: 10.7.0.0/25 overlaps network blue\n');
  });

  test('as JSON', async () => {
    const { code, stdout, stderr } = await typeWeft(['network', 'apply', '-f', 'nets.yaml', '-o', 'json'], {
      answers: { applyNetwork },
      files,
    });
    expect(code).toBe(5);
    const error = { code: 'NETWORK_REFUSED', message: 'red: 10.7.0.0/25 overlaps network blue' };
    expect(JSON.parse(stdout)).toMatchObject([
      { name: 'blue', outcome: 'changed', network: { vni: blue.vni } },
      { name: 'red', outcome: 'failed', error },
    ]);
    expect(JSON.parse(stderr)).toMatchObject({ error });
  });

  test('reads everything before it changes anything', async () => {
    const { code, stderr, calls } = await typeWeft(['network', 'apply', '-f', '-'], {
      files: { '-': 'name: blue\nsubnets: [10.7.0.0/24]\n---\nsubnets: [10.8.0.0/24]\n' },
    });
    expect([code, calls]).toEqual([2, []]);
    expect(stderr).toBe('weft: -, document 2: has no `name:` of the network beside its keys\n');
  });
});

describe('weft network apply --dry-run', () => {
  const files = { 'nets.yaml': 'blue: {mtu: 1300}\nred:\nnew: {subnets: [10.9.0.0/24]}\n' };
  const { error } = toFailureJson(new WeftError('NETWORK_REFUSED', 'it overlaps network blue'));
  const planOf = (name: string): PlannedNetworkJson => {
    if (name === 'new') return { name, outcome: 'failed', error };
    return { name, ...change, outcome: name === 'red' ? 'unchanged' : 'changed' };
  };
  const planNetworks = async ({ networks }: PlanNetworks) => networks.map(({ name }) => planOf(name));
  const args = ['network', 'apply', '-f', 'nets.yaml', '--dry-run'];

  test('shows a diff and whom it touches, and writes nothing', async () => {
    const { code, stdout, stderr, calls } = await typeWeft(args, {
      answers: { planNetworks },
      files: { 'nets.yaml': 'blue: {mtu: 1300}\nred:\n' },
    });
    expect([code, stderr]).toEqual([0, '']);
    const networks = [
      { name: 'blue', declaration: { mtu: 1300 } },
      { name: 'red', declaration: {} },
    ];
    expect(calls).toEqual([['planNetworks', { networks }]]);
    expect(stdout).toBe(`\
--- blue
+++ blue (nets.yaml)
@@ -8,7 +8,7 @@
     range: fd00:7::100/120
     auxiliary:
       router: fd00:7::2
-mtu: 1450 (from the nodes)
+mtu: 1300
 internal: false
 allowOverlap: false
 labels:
# blue: would be changed; touches 2 endpoints (web on n1, /run/netns/c2 on n2), nodes n1, n2
# red: unchanged
`);
  });

  test('of a declaration alone shows how that differs', async () => {
    const { before, nodes, endpoints } = { ...change, nodes: [], endpoints: [] };
    const alone = { outcome: 'changed' as const, before, after: before!, nodes, endpoints };
    const after = '{"driver":"overlay","subnets":["10.7.0.0/24"],"ipv6":true}';
    const declarations: Readonly<Record<string, PlannedNetworkJson>> = {
      blue: { name: 'blue', ...alone, declaration: { before: '{"driver":"overlay","mtu":12}', after } },
      bad: { name: 'bad', ...alone, declaration: { before: 'a\n{', after } },
      gone: { name: 'gone', ...alone, declaration: { after } },
    };
    const { code, stdout } = await typeWeft(args, {
      answers: { planNetworks: async ({ networks }) => networks.map(({ name }) => declarations[name]!) },
      files: { 'nets.yaml': 'blue:\nbad:\ngone:\n' },
    });
    expect(code).toBe(0);
    const wish = '+subnets:\n+  - 10.7.0.0/24\n+ipv6: true\n';
    const told = (name: string): string =>
      `# ${name}: would be changed, its declaration alone; touches no endpoint and no node\n`;
    const head = (name: string, file = name): string =>
      `--- ${file}\n+++ ${name} (declaration in nets.yaml)\n`;
    expect(stdout).toBe(
      `${head('blue', 'blue (declaration)')}@@ -1,2 +1,4 @@\n driver: overlay\n-mtu: 12\n${wish}${told('blue')}` +
        `${head('bad', 'bad (declaration)')}@@ -1,2 +1,4 @@\n-a\n-{\n+driver: overlay\n${wish}${told('bad')}` +
        `${head('gone', '/dev/null')}@@ -0,0 +1,4 @@\n+driver: overlay\n${wish}${told('gone')}`,
    );
  });

  test('of a new network shows all of it, and of a refused one why', async () => {
    const { before: _, ...made } = { ...change, outcome: 'created' as const, endpoints: [], nodes: [] };
    const { code, stdout, stderr } = await typeWeft(args, {
      answers: {
        planNetworks: async ({ networks }) =>
          networks.map(({ name }) => (name === 'blue' ? { name, ...made } : planOf(name))),
      },
      files,
    });
    expect(code).toBe(5);
    expect(stdout).toMatch(
      /^--- \/dev\/null\n\+\+\+ blue \(nets\.yaml\)\n@@ -0,0 \+1,15 @@\n\+driver: overlay\n/,
    );
    expect(stdout).toMatch(
      /^# blue: would be created; touches no endpoint and no node\n# red: unchanged\n# new: refused$/m,
    );
    expect(stderr).toBe('weft: new: it overlaps network blue\n');
  });

  test('as JSON', async () => {
    const { code, stdout } = await typeWeft([...args, '-o', 'json'], { answers: { planNetworks }, files });
    expect(code).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject([
      { name: 'blue', outcome: 'changed', before: { mtu: 1450 }, after: { mtu: 1300 }, nodes: ['n1', 'n2'] },
      { name: 'red', outcome: 'unchanged' },
      { name: 'new', outcome: 'failed', error: { code: 'NETWORK_REFUSED' } },
    ]);
  });
});
