import { expect, test } from '@jest/globals';
import { textPool } from './text-pool.ts';

test('every text is given back as it is, however many there are', () => {
  const shared = textPool(3);
  const texts = ['a', 'b', 'c', 'd', 'a', '', 'e', 'b'];
  expect(texts.map((text) => shared(text))).toEqual(texts);
});
