import { expect, test } from '@jest/globals';
import { isName, parseName } from './name.ts';

test.each(['blue', '0', 'Blue_2.x-y', 'a'.repeat(63), 'constructor'])('%j is a name', (text) => {
  expect(parseName('network', text)).toBe(text);
  expect(isName(text)).toBe(true);
});

test.each(['', '.', '..', '-a', '_a', 'a/b', '../b', 'a b', 'ü', 'a\n', 'a\0', '__proto__', 'a'.repeat(64)])(
  '%j is none',
  (text) => {
    expect(isName(text)).toBe(false);
    expect(() => parseName('network', text)).toThrow(
      expect.objectContaining({ code: 'NAME_INVALID', message: expect.stringMatching(/^network name /) }),
    );
  },
);

test('what is no text is no name', () => {
  expect([undefined, null, 1, ['blue']].map(isName)).toEqual([false, false, false, false]);
});
