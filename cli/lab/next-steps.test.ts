import { expect, test } from '@jest/globals';
import { demoNextSteps, plainNextSteps } from './next-steps.ts';

const invocation = { weft: 'bin/weft', lab: 'docs', defaultLab: 'lab' };

const commandsIn = (text: string): readonly string[] =>
  [...text.matchAll(/^ {2}(\S.*)$/gm)].map(([, line = '']) => line);

test.each(['h1', 'h2', 'h3', 'h12'])(
  'the last host is %s, and no other than that and h1 is named',
  (last) => {
    const text = demoNextSteps(invocation, { from: 'blue1', to: '10.7.0.9', last });
    const hosts = new Set([...text.matchAll(/\bh\d+\b/g)].map(([host]) => host));
    expect([...hosts].toSorted()).toEqual([...new Set(['h1', last])].toSorted());
    expect(commandsIn(text)).toEqual([
      'bin/weft lab exec --name docs h1 weft network ls',
      `bin/weft lab exec --name docs ${last} weft endpoint ls`,
      'bin/weft lab exec --name docs h1 weft node ls',
      'ip netns exec weft-lab-docs-h1-blue1 ping -c3 10.7.0.9',
      `ip netns add weft-lab-docs-${last}-c9 && bin/weft lab exec --name docs ${last} weft attach --network blue weft-lab-docs-${last}-c9`,
      'bin/weft lab ping --name docs',
      'bin/weft lab down --name docs',
    ]);
  },
);

test('the default lab needs no name', () => {
  expect(commandsIn(plainNextSteps({ ...invocation, lab: 'lab' }))).toEqual([
    'bin/weft lab exec h1 weft status',
    'bin/weft lab up --demo',
    'bin/weft lab status',
    'bin/weft lab down',
  ]);
});
