import { expect, test } from '@jest/globals';
import { WeftError } from '../../model/errors.ts';
import { typeWeft } from '../testing/type-weft.ts';

test('accept says what this node has given up, and that all agents do', async () => {
  const typed = await typeWeft(['store', 'accept', '--yes']);
  expect(typed).toMatchObject({ code: 0, calls: [['acceptStore', undefined]] });
  expect(typed.stdout).toBe(
    'What the store holds of cluster c0ffee0000000001 is the truth now. This node has given up 1 keys:\n  network-state/blue\n',
  );
  const nothing = await typeWeft(['store', 'accept', '--yes'], {
    answers: { acceptStore: async () => ({ cluster: 'c1', released: [] }) },
  });
  expect(nothing.stdout).toContain('This node held nothing against it.');
});

test('join says which cluster was left for which', async () => {
  const typed = await typeWeft(['store', 'join', '--yes', '-o', 'json']);
  expect(JSON.parse(typed.stdout)).toEqual({ left: 'c0ffee0000000001', cluster: 'c0ffee0000000002' });
  expect((await typeWeft(['store', 'join', '--yes'])).stdout).toContain('belongs to c0ffee0000000002 now');
});

test.each([
  [
    'accept',
    'every agent of the cluster gives up, for good, what its store has lost; if that is meant, add --yes',
  ],
  [
    'join',
    'all sandboxes of this node lose their networks, and their endpoints are given up; if that is meant',
  ],
])('%s asks nobody before it is confirmed', async (verb, text) => {
  const typed = await typeWeft(['store', verb]);
  expect(typed).toMatchObject({ code: 2, stdout: '', calls: [] });
  expect(typed.stderr).toContain(`weft store ${verb} was not confirmed: ${text}`);
});

test('a refusal of the agent is told, with its exit code', async () => {
  const answers = {
    joinStore: () => Promise.reject(new WeftError('CLUSTER_MISMATCH', 'there is none to go over to')),
  };
  const typed = await typeWeft(['store', 'join', '--yes'], { answers });
  expect(typed.stderr).toContain('there is none to go over to');
  expect(typed.code).not.toBe(0);
});

test('detach says when the store has still to be told', async () => {
  const answers = { detach: async () => ({ detached: true, storePending: true as const }) };
  const args = ['detach', '--network', 'blue', 'c1'];
  expect((await typeWeft(args, { answers })).stdout).toBe(
    'Detached; the store will be told when it is back.\n',
  );
  expect(JSON.parse((await typeWeft([...args, '-o', 'json'], { answers })).stdout)).toEqual({
    detached: true,
    storePending: true,
  });
});
