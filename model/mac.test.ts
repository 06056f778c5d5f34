import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { localMac, macFromBytes, parseMac, writeMac } from './mac.ts';

test.each([
  ['02:57:0A:07:00:02', '02:57:0a:07:00:02'],
  ['02-57-0a-07-00-02', '02:57:0a:07:00:02'],
])('%s is read as %s', (text, canonical) => {
  expect(parseMac(text)).toBe(canonical);
});

test.each([
  ['02:57:0a:07:00', 'is not six hex bytes'],
  ['2:57:a:7:0:2', 'is not six hex bytes'],
  ['02570a070002', 'is not six hex bytes'],
  ['01:00:5e:00:00:01', 'multicast'],
  ['ff:ff:ff:ff:ff:ff', 'multicast'],
  ['00:00:00:00:00:00', 'all zero'],
])('%s is refused: %s', (text, why) => {
  expect(() => parseMac(text)).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID', message: expect.stringContaining(why) }),
  );
});

test('six bytes at an offset read back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), fc.nat(3), (six, offset) => {
      const bytes = new Uint8Array(10);
      writeMac(macFromBytes(six), bytes, offset);
      expect(bytes.subarray(offset, offset + 6)).toEqual(six);
    }),
  );
});

test('a local MAC is unicast and locally administered, whatever its five bytes are', () => {
  expect(localMac(Uint8Array.of(0x57, 10, 7, 0, 2))).toBe('02:57:0a:07:00:02');
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 5, maxLength: 5 }), (five) => {
      const mac = localMac(five);
      expect(parseMac(mac)).toBe(mac);
    }),
  );
});
