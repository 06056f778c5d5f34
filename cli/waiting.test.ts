import { describe, expect, test } from '@jest/globals';
import { blue, web } from '../api/testing/fake-service.ts';
import { WeftError } from '../model/errors.ts';
import { showAwaited } from './output/awaited.ts';
import { typeWeft } from './testing/type-weft.ts';

const waited = { nodes: ['h2', 'h3'], took: 12.5 };
const files = { 'a.yaml': 'name: blue\nsubnets: [10.7.0.0/24]\n' };

describe('--wait', () => {
  test.each<[readonly string[], unknown]>([
    [['attach', '--network', 'blue', 'c1', '--wait'], { wait: true, timeout: 10_000 }],
    [['detach', '--network', 'blue', 'c1', '--wait', '--timeout', '2s'], { wait: true, timeout: 2000 }],
    [['network', 'create', 'blue', '--subnet', '10.7.0.0/24', '--wait'], { name: 'blue', wait: true }],
    [['network', 'apply', '-f', 'a.yaml', '--wait', '--timeout', '2s'], { wait: true, timeout: 2000 }],
    [['network', 'rm', 'blue', '--force', '--wait'], { name: 'blue', force: true, wait: true }],
    [['network', 'inspect', 'blue', '--wait', '--timeout', '500ms'], { wait: true, timeout: 500 }],
  ])('%j asks for it', async (args, request) => {
    const { code, calls } = await typeWeft(args, { files });
    expect([code, calls.length]).toEqual([0, 1]);
    expect(calls[0]?.[1]).toMatchObject(request as object);
  });

  test('an inspected network of which a node has not answered ends with the code of what is late', async () => {
    const node = { node: 'h2', self: false, alive: true, endpoints: 1, why: 'no answer' } as const;
    const codes: number[] = [];
    for (const state of ['awaited', 'programmed'] as const) {
      const answers = { inspectNetwork: async () => ({ ...blue, nodes: [{ ...node, state }] }) };
      const { code, stdout } = await typeWeft(['network', 'inspect', 'blue', '--wait'], { answers });
      expect(stdout).toContain(`h2: ${state}`);
      codes.push(code);
    }
    expect(codes).toEqual([7, 0]);
  });

  test('without it nobody is waited for', async () => {
    const { calls } = await typeWeft(['attach', '--network', 'blue', 'c1']);
    expect(calls[0]?.[1]).not.toHaveProperty('wait', true);
    expect((await typeWeft(['network', 'inspect', 'blue'])).calls).toEqual([
      ['inspectNetwork', { name: 'blue' }],
    ]);
  });

  test('every command says who has programmed it, and how fast', async () => {
    const by = 'programmed by h2, h3, 12.5 ms after the commit';
    const answers = {
      attach: async () => ({ ...web, waited }),
      detach: async () => ({ detached: true, waited }),
      createNetwork: async () => ({ ...blue, waited }),
      applyNetwork: async () => ({ outcome: 'changed' as const, network: blue, waited }),
      removeNetwork: async () => ({ state: 'removed' as const, waited }),
    };
    const said = async (...args: readonly string[]): Promise<string> =>
      (await typeWeft([...args, '--wait'], { answers, files })).stdout;
    expect(await said('attach', '--network', 'blue', 'c1')).toContain(`everywhere  ${by}\n`);
    expect(await said('detach', '--network', 'blue', 'c1')).toBe(`Detached; ${by}.\n`);
    expect(await said('network', 'create', 'blue', '--subnet', '10.7.0.0/24')).toContain(
      `everywhere   ${by}\n`,
    );
    expect(await said('network', 'apply', '-f', 'a.yaml')).toBe(
      `NAME  OUTCOME  EVERYWHERE\nblue  changed  ${by}\n`,
    );
    expect(await said('network', 'rm', 'blue')).toBe(
      'Removed network blue; gone from h2, h3 after 12.5 ms.\n',
    );
  });

  test('where nobody else takes part it says so', async () => {
    const answers = { detach: async () => ({ detached: true, waited: { nodes: [], took: 0.1 } }) };
    const { stdout } = await typeWeft(['detach', '--network', 'blue', 'c1', '--wait'], { answers });
    expect(stdout).toBe('Detached; nobody else takes part.\n');
  });

  test('one that lags makes the command end with 7', async () => {
    const late = new WeftError(
      'TIMEOUT',
      'c1 is attached, and that stands; not programmed by h3 (no answer)',
    );
    const answers = { attach: () => Promise.reject(late) };
    const { code, stderr } = await typeWeft(['attach', '--network', 'blue', 'c1', '--wait'], { answers });
    expect([code, stderr]).toEqual([7, `weft: ${late.message}\n`]);
  });
});

test('weft network inspect shows how far the nodes are', async () => {
  const node = { alive: true, self: false, endpoints: 1 };
  const nodes = [
    { ...node, node: 'h1', self: true, endpoints: 2, state: 'programmed' as const },
    { ...node, node: 'h2', state: 'refused' as const, why: 'ENOBUFS' },
    { ...node, node: 'h3', alive: false, state: 'unknown' as const },
  ];
  const answers = { inspectNetwork: async () => ({ ...blue, nodes }) };
  expect((await typeWeft(['network', 'inspect', 'blue'], { answers })).stdout).toContain(`\
nodes        h1 (this one): programmed, 2 endpoints
             h2: refused (ENOBUFS), 1 endpoint
             h3 (down): unknown, 1 endpoint
`);
});

describe('the line on the terminal', () => {
  test('names who is awaited, as long as it is known', async () => {
    let text = '';
    const screen = { isTTY: true, write: (part: string) => (text += part) };
    const { promise, resolve } = Promise.withResolvers<string>();
    const answers = [['h2', 'h3'], ['h3'], new Error('nobody answers'), []];
    const ask = async (): Promise<readonly string[]> => {
      const next = answers.shift() ?? [];
      if (answers.length === 0) resolve('done');
      if (next instanceof Error) throw next;
      return next;
    };
    expect(await showAwaited(promise, ask, screen, 1)).toBe('done');
    expect(text).toMatch(/waiting for h2, h3.*waiting for h3/s);
    expect(text.endsWith('\r\x1b[K')).toBe(true);
  });

  test('where there is no terminal nobody is asked', async () => {
    const task = new Promise<string>((resolve) => setTimeout(() => resolve('done'), 50));
    let asked = 0;
    const ask = async (): Promise<readonly string[]> => {
      asked += 1;
      return ['h2'];
    };
    expect(await showAwaited(task, ask, { write: () => undefined }, 1)).toBe('done');
    expect(asked).toBe(0);
  });
});
