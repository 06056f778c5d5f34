import { expect, test } from '@jest/globals';
import { colorsFor } from './colors.ts';

const terminal = { isTTY: true };
const file = {};

test.each([
  ['a terminal', terminal, {}, true],
  ['a terminal that shows letters alone', terminal, { TERM: 'dumb' }, false],
  ['a terminal of somebody who wants none', terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  ['a file', file, { TERM: 'xterm' }, false],
  ['a file that continuous integration reads', file, { CI: 'true' }, false],
  ['a file of somebody who wants them', file, { FORCE_COLOR: '1' }, true],
  ['a variable that is empty', file, { FORCE_COLOR: '' }, false],
] as const)('%s', (_, screen, env, painted) => {
  expect(colorsFor(screen, env).isColorSupported).toBe(painted);
  expect(colorsFor(screen, env).red('x') !== 'x').toBe(painted);
});
