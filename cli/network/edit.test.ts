import { describe, expect, test } from '@jest/globals';
import { blue } from '../../api/testing/fake-service.ts';
import { WeftError } from '../../model/errors.ts';
import { typeWeft } from '../testing/type-weft.ts';

describe('weft network edit', () => {
  const args = ['network', 'edit', 'blue'];
  const relabel = (text: string): string => text.replace('team: a', 'team: b');
  const shown = 'name: blue\nsubnets:\n  - 10.7.0.0/24\nlabels:\n  team: a\n';

  test('applies what was saved, on condition that nobody has changed it', async () => {
    const { code, stdout, calls, edits } = await typeWeft(args, { edits: [relabel] });
    expect([code, stdout]).toEqual([0, 'Network blue: created.\n']);
    expect(edits[0]).toMatch(/^# Network blue\. /);
    expect(edits[0]?.endsWith(shown)).toBe(true);
    expect(calls).toEqual([
      ['declarationOf', { name: 'blue' }],
      [
        'applyNetwork',
        { name: 'blue', declaration: { subnets: ['10.7.0.0/24'], labels: { team: 'b' } }, revision: 7 },
      ],
    ]);
  });

  test('does nothing when nothing but comments has changed', async () => {
    const { code, stdout, calls } = await typeWeft(args, { edits: [(text) => `# a word\n\n${text}`] });
    expect([code, stdout]).toEqual([0, 'Network blue is as it was.\n']);
    expect(calls).toHaveLength(1);
  });

  test('brings what is refused back with the reason, until it is taken or given up', async () => {
    let tries = 0;
    const answers = {
      applyNetwork: async () => {
        tries += 1;
        if (tries < 3) throw new WeftError('NETWORK_REFUSED', `no, for reason ${tries}`);
        return { outcome: 'changed' as const, network: blue };
      },
    };
    const again = (text: string): string =>
      `${text}# again\nmtu: ${1300 + tries}\n`.replace(/^mtu.*\n(?=[^]*mtu)/gm, '');
    const { code, stdout, edits } = await typeWeft(args, { edits: [relabel, again, again], answers });
    expect([code, stdout]).toEqual([0, 'Network blue: changed.\n']);
    expect(edits[1]).toMatch(/^#! no, for reason 1\n# Network blue\./);
    expect(edits[1]).toContain('team: b');
    expect(edits[2]).toMatch(/^#! no, for reason 2\n# Network blue\./);
    tries = 0;
    const up = await typeWeft(args, { edits: [relabel, (text) => text], answers });
    expect(up.code).toBe(5);
    expect(up.stderr).toBe(
      'weft: no, for reason 1. Nothing was changed; what you wrote is in /tmp/blue.yaml\n',
    );
  });

  test.each<[string, (text: string) => string, RegExp]>([
    [
      'another name',
      (text) => text.replace('blue\n', 'pink\n'),
      /must declare network blue, and nothing else/,
    ],
    ['torn YAML', (text) => `${text}{`, /Flow map in block collection/],
    ['several', (text) => `${text}---\nname: red\n`, /nothing else/],
  ])('with %s comes back', async (_, spoil, why) => {
    const { code, stderr, edits } = await typeWeft(args, { edits: [spoil, (text) => text] });
    expect(code).toBe(2);
    expect(stderr).toMatch(why);
    expect(edits[1]).toMatch(new RegExp(`^#! .*${why.source}`, 'm'));
  });

  test.each([
    ['is no JSON', '{"subnets":["10.9.'],
    ['has a key twice', '{"mtu":1400,"mtu":1300}'],
  ])('shows a declaration that %s as it is', async (_, text) => {
    const declarationOf = async () => ({ name: 'bad', text, revision: 3, declared: true });
    const { edits } = await typeWeft(['network', 'edit', 'bad'], {
      answers: { declarationOf },
      edits: [(shown) => shown],
    });
    expect(edits[0]).toContain(text);
  });
});
