import { describe, expect, test } from '@jest/globals';
import { nodes } from '../api/testing/fake-service.ts';
import { WeftError } from '../model/errors.ts';
import { typeWeft } from './testing/type-weft.ts';

const id = '2'.repeat(32);

test('weft node ls says below the table why a node is kept', async () => {
  const why = 'its VTEP 192.0.2.2 answers\u001b[2J';
  const listNodes = async () =>
    nodes.map((node) => (node.self ? node : { ...node, state: 'unmanaged' as const, why }));
  const { stdout } = await typeWeft(['node', 'ls'], { answers: { listNodes } });
  const lines = stdout.split('\n');
  expect(lines[2]).toMatch(/^n2 +unmanaged +192\.0\.2\.2 /);
  expect(lines[3]).toBe('n2 is kept: its VTEP 192.0.2.2 answers?[2J');
});

describe('weft node forget', () => {
  test('tells what was given up', async () => {
    const { code, stdout, calls } = await typeWeft(['node', 'forget', 'n2']);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `Forgot node n2 (${id}); 3 endpoints were given up.\n`,
    });
    expect(calls).toEqual([['forgetNode', { node: 'n2' }]]);
    const json = await typeWeft(['node', 'forget', 'n2', '-o', 'json']);
    expect(JSON.parse(json.stdout)).toEqual({ id, name: 'n2', endpoints: 3 });
  });

  test.each([
    ['NODE_STATE', 5],
    ['NODE_NOT_FOUND', 4],
  ] as const)('%s ends with %i', async (failure, exit) => {
    const forgetNode = () =>
      Promise.reject(new WeftError(failure, 'node n1 cannot be forgotten: it is alive'));
    const { code, stderr } = await typeWeft(['node', 'forget', 'n1'], { answers: { forgetNode } });
    expect({ code, stderr }).toEqual({
      code: exit,
      stderr: expect.stringContaining('node n1 cannot be forgotten: it is alive'),
    });
  });
});

describe('weft node drain', () => {
  test('hands the words on, and tells how far it came', async () => {
    const line = ['node', 'drain', 'n1', '--confirm', 'drain n1', '--timeout', '2s'];
    const { code, stdout, calls } = await typeWeft(line);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Node n1 is drained.\n' });
    expect(calls).toEqual([['drainNode', { node: 'n1', confirm: 'drain n1', timeout: 2000 }]]);
    const drainNode = async () => ({ id: '1', name: 'n1', state: 'draining' as const, endpoints: 7 });
    const slow = await typeWeft(line, { answers: { drainNode } });
    expect(slow.stdout).toBe(
      'Node n1 is being drained: nothing can be attached there; 7 endpoints are left.\n',
    );
    const json = await typeWeft([...line, '-o', 'json'], { answers: { drainNode } });
    expect(JSON.parse(json.stdout)).toEqual(await drainNode());
  });

  test('without the words it is for the agent to refuse', async () => {
    const { calls } = await typeWeft(['node', 'drain', 'n1']);
    expect(calls).toEqual([['drainNode', { node: 'n1', timeout: 10_000 }]]);
  });
});
