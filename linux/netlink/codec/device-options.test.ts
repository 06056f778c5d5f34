import { describe, expect, test } from '@jest/globals';
import {
  bridgeOptions,
  oddOptions,
  portOptions,
  vxlanOptions,
  writeOptions,
  type DeviceOption,
} from './device-options.ts';
import { readAttributes } from './reader.ts';
import { BodyWriter } from './writer.ts';

const tables: readonly (readonly [string, readonly DeviceOption[]])[] = [
  ['bridge', bridgeOptions],
  ['vxlan', vxlanOptions],
  ['port', portOptions],
];

/** The value as the kernel shows it. */
function shown({ bytes, attribute }: DeviceOption, value: number): ReadonlyMap<number, Uint8Array> {
  return new Map([[attribute, Uint8Array.from({ length: bytes }, (_, i) => (value >>> (8 * i)) & 255)]]);
}

describe.each(tables)('the options of a %s', (_, options) => {
  test.each(options)(
    '$name: another value is odd, ours is not, nor is one that the kernel does not know',
    (o) => {
      const other = o.wanted === 0 ? 1 : 0;
      if (o.bytes > 0) expect(oddOptions(options, shown(o, o.wanted))).toEqual([]);
      expect(oddOptions(options, shown(o, other))).toEqual([o]);
      expect(oddOptions(options, new Map())).toEqual([]);
    },
  );

  test('what is written is what is not odd, of those that can be set', () => {
    const w = new BodyWriter();
    writeOptions(w.begin(), options);
    const written = readAttributes(w.finish());
    expect([...written.keys()]).toEqual(
      options.filter(({ how }) => how === 'in place').map((o) => o.attribute),
    );
    expect(oddOptions(options, written)).toEqual([]);
  });

  test('no two have one number', () => {
    expect(new Set(options.map(({ attribute }) => attribute)).size).toBe(options.length);
  });
});
