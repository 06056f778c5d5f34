import { expect, test } from '@jest/globals';
import { decodeText, encodeText, type Entry } from '../../kvstore/store.ts';
import { ListingReader } from './listing.ts';

const entry = (key: string, text: string, revision: number): Entry => {
  return { key, value: encodeText(text), revision, created: 1 };
};

test('what has not changed is not decoded again, what cannot be read is left out', () => {
  const decoded: string[] = [];
  const reader = new ListingReader((key, value) => {
    const text = decodeText(value);
    decoded.push(`${key}=${text}`);
    if (text === 'bad') throw new Error('bad');
    return { text };
  });
  const first = reader.read([entry('a', 'one', 1), entry('b', 'two', 2), entry('c', 'bad', 3)]);
  expect(first.map(({ value }) => value.text)).toEqual(['one', 'two']);
  // Written again as it was, another text under a known key, the same text under another key, and one that went and came back.
  const second = reader.read([entry('a', 'one', 9), entry('b', 'three', 2), entry('d', 'two', 4)]);
  expect(second.map(({ value, entry: e }) => [value.text, e.revision])).toEqual([
    ['one', 9],
    ['three', 2],
    ['two', 4],
  ]);
  expect(second[0]!.value).toBe(first[0]!.value);
  reader.read([entry('d', 'two', 4)]);
  reader.read([entry('a', 'one', 9), entry('d', 'two', 4)]);
  expect(decoded).toEqual(['a=one', 'b=two', 'c=bad', 'b=three', 'd=two', 'a=one']);
});
