import { describe, expect, test } from '@jest/globals';
import { declarationsIn } from './declarations-in.ts';

const blue = { name: 'blue', declaration: { subnets: ['10.7.0.0/24'], labels: { team: 'a' } } };
const green = { name: 'green', declaration: { subnets: ['fd00:8::/64'] } };

describe('declarations in a file', () => {
  test.each([
    [
      'documents of YAML',
      '# two networks\nname: blue\nsubnets: [10.7.0.0/24]\nlabels: {team: a}\n---\nname: green\nsubnets:\n  - fd00:8::/64\n---\n',
    ],
    ['a map', 'blue:\n  subnets: [10.7.0.0/24]\n  labels: {team: a}\ngreen:\n  subnets: [fd00:8::/64]\n'],
    [
      'a list',
      '[{name: blue, subnets: [10.7.0.0/24], labels: {team: a}}, {name: green, subnets: ["fd00:8::/64"]}]',
    ],
    [
      'JSON',
      '{"blue":{"subnets":["10.7.0.0/24"],"labels":{"team":"a"}},"green":{"subnets":["fd00:8::/64"]}}',
    ],
  ])('%s', (_, text) => {
    expect(declarationsIn(text, 'f')).toEqual([blue, green]);
  });

  test('networks may be called `name` and `subnets` in a map', () => {
    const text = 'name: {subnets: [10.7.0.0/24]}\nsubnets: {subnets: [10.8.0.0/24]}\n';
    expect(declarationsIn(text, 'f').map(({ name }) => name)).toEqual(['name', 'subnets']);
  });

  test.each([
    ['', /^f: declares no network$/],
    ['# nothing\n---\n', /^f: declares no network$/],
    ['name: blue\nsubnets: [10.7.0.0/24\n', /^f: .* at line/],
    ['hello', /^f, document 1: is neither a declaration nor a map/],
    ['subnets: [10.7.0.0/24]', /^f, document 1: has no `name:`/],
    ['- name: blue\n  subnets: []\n- 5\n', /^f, document 1, item 2: is no declaration/],
    ['blue: 10.7.0.0/24', /^f, document 1: "blue" has no declaration/],
    ['name: blue\nsubnets: []\n---\nblue: {subnets: []}', /^f: declares network "blue" twice$/],
    ['blue: &a {subnets: [*a]}', /^f: .*circular/i],
    ['blue: &a {subnets: []}\nblue: *a', /^f: Map keys must be unique/],
    [
      `a: &a [x]\n${'b c d e f g h i'
        .split(' ')
        .map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefgh'[i]}`).join()}]`)
        .join('\n')}`,
      /^f: Excessive alias count/,
    ],
  ])('%j is refused with its place', (text, message) => {
    expect(() => declarationsIn(text, 'f')).toThrow(message);
    expect(() => declarationsIn(text, 'f')).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
  });
});
