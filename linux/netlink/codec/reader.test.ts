import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { getNsid, readNsid } from './nsid.ts';
import { findAttribute, lengthOf, readAttributes, readPort, readText, readU32 } from './reader.ts';
import { bytes, hex } from './testing/dump.ts';
import { BodyWriter } from './writer.ts';

test('attributes are found by their type, whatever flags it carries', () => {
  const found = readAttributes(
    bytes(`
      0700 0100 616200 00    type 1: ab
      0800 0280 2a000000     type 2, nested: 42
      0500 0340 07           type 3, in network order, at the end without padding
    `),
  );
  expect([readText(found.get(1)), readU32(found.get(2)), found.get(3)]).toEqual(['ab', 42, Uint8Array.of(7)]);
});

test('what is cut off is not there', () => {
  expect(readAttributes(bytes('0800 0100 2a00')).size).toBe(0);
  expect(readAttributes(bytes('0300 0100 2a000000')).size).toBe(0);
  expect(readAttributes(bytes('0800 01')).size).toBe(0);
});

test('no bytes make it throw, and no attribute lies outside of them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
      const lengths = [...readAttributes(body).values()].map((a) => a.byteLength + 4);
      expect(lengths.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(body.length);
    }),
  );
});

test('one attribute is found where all of them are found, or nowhere', () => {
  const type = fc.constantFrom(0, 1, 2, 3);
  const attribute = fc.tuple(type, fc.uint8Array({ maxLength: 6 })).map(([t, value]) => {
    const all = Buffer.alloc((4 + value.length + 3) & ~3);
    all.writeUInt16LE(4 + value.length, 0);
    all.writeUInt16LE(t, 2);
    all.set(value, 4);
    return all;
  });
  const message = fc.tuple(fc.array(attribute, { maxLength: 4 }), fc.uint8Array({ maxLength: 9 }));
  fc.assert(
    fc.property(message, type, fc.nat(12), ([attributes, rest], wanted, before) => {
      const body = Buffer.concat([Buffer.alloc(before, 0xff), ...attributes, rest]);
      const values: Uint8Array[] = [];
      for (let end = body.length, at: number | undefined = before; at !== undefined;) {
        at = findAttribute(body, at, end, wanted);
        if (at === undefined) break;
        values.push(Uint8Array.from(body.subarray(at, at + lengthOf(body, at))));
        at += (lengthOf(body, at) + 3) & ~3;
      }
      // Of several, the general reader knows the last.
      const known = readAttributes(body, before).get(wanted);
      expect(values.at(-1)).toEqual(known === undefined ? undefined : Uint8Array.from(known));
    }),
  );
});

test('numbers without sign, ports in network order, texts until their end', () => {
  expect(readU32(bytes('ffffffff'))).toBe(0xffffffff);
  expect(readU32(undefined)).toBe(0);
  expect(readPort(bytes('12b5'))).toBe(4789);
  expect([readText(bytes('6162006364')), readText(bytes('6162')), readText(undefined)]).toEqual([
    'ab',
    'ab',
    '',
  ]);
});

test('a namespace is asked about by a descriptor, and known by an id or not at all', () => {
  const request = getNsid(new BodyWriter(), 9);
  expect([request.type, request.flags, hex(request.body)]).toEqual([90, 0x001, '000000000800030009000000']);
  expect(readNsid([{ type: 88, body: bytes('00000000 08000100 02000000') }])).toBe(2);
  expect(readNsid([{ type: 88, body: bytes('00000000 08000100 ffffffff') }])).toBeUndefined();
  expect(readNsid([])).toBeUndefined();
});
