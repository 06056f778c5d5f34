import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { decodeDump, encodeDump, type Dump } from './dump-format.ts';
import { clusterKeys, contentOf, stayingKeys } from './testing/cluster-keys.ts';

const header = {
  store: 'file /a.db',
  prefix: 'weft/v1/',
  identity: 'id',
  revision: 7,
  time: '2026-11-25T15:00:00.000Z',
};
const textOf = (dump: Dump): string => [...encodeDump(dump)].join('');
const whole = textOf({ header, items: clusterKeys(2) });

/** Lines with a trailer that fits them, as if this program had written them. */
function sealed(...lines: readonly string[]): string {
  const body = lines.map((line) => `${line}\n`).join('');
  const sha256 = createHash('sha256').update(body).digest('hex');
  return `${body}${JSON.stringify({ keys: lines.length - 1, sha256 })}\n`;
}
const first = JSON.stringify({ weft: 'store dump', format: 1, ...header });
const line = (key: string, value: string): string => JSON.stringify({ key, value });

/** Why a text is no dump. */
function whyNot(text: string): string {
  try {
    decodeDump(text, 'a.jsonl');
  } catch (error) {
    expect(error).toMatchObject({ code: 'INPUT_INVALID', details: { name: 'a.jsonl' } });
    return (error as Error).message;
  }
  throw new Error('it was read');
}

const anyItem = fc.record({
  key: fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
    minLength: 1,
  }),
  value: fc.uint8Array({ minLength: 1, maxLength: 300 }),
});
const anyItems = fc
  .uniqueArray(anyItem, { selector: ({ key }) => key })
  .map((items) => items.map(({ key, value }) => ({ key: `k/${key}`, value })));

describe('a dump', () => {
  test('gives back any keys and bytes', () => {
    fc.assert(
      fc.property(anyItems, (items) => {
        const read = decodeDump(textOf({ header, items }), 'x');
        expect(read.header).toEqual(header);
        expect(read.items.map(({ key }) => key)).toEqual(items.map(({ key }) => key));
        expect(contentOf(read.items)).toEqual(contentOf(items));
      }),
    );
  });

  test('is one line of JSON for each key, with the record where it can be read', () => {
    const items = [...clusterKeys(1), { key: 'nodes/fedcba9876543210', value: Uint8Array.of(255) }];
    const lines = textOf({ header, items }).trimEnd().split('\n');
    const parsed = lines.map((each) => JSON.parse(each) as Record<string, unknown>);
    expect(parsed[0]).toEqual({ weft: 'store dump', format: 1, ...header });
    const keys = parsed.slice(1, -1);
    expect(keys).toHaveLength(items.length);
    expect(keys.find(({ key }) => key === 'cluster')).toMatchObject({ record: { id: 'c1', port: 4789 } });
    expect(keys[0]).toMatchObject({
      record: { name: 'web0', addresses: ['10.7.0.0'], labels: { team: 'a' } },
    });
    expect(keys.at(-1)).toEqual({ key: 'nodes/fedcba9876543210', value: '/w==' });
    // As `head -n -1 FILE | sha256sum` says.
    const body = `${lines.slice(0, -1).join('\n')}\n`;
    const sha256 = createHash('sha256').update(body).digest('hex');
    expect(parsed.at(-1)).toEqual({ keys: items.length, sha256 });
  });

  test('that was cut is refused, wherever', () => {
    // Without its last end of line it is whole.
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 2 }), (end) => {
        expect(whyNot(whole.slice(0, end))).toMatch(/the dump a\.jsonl cannot be used: /);
      }),
    );
    expect(decodeDump(whole.trimEnd(), 'x').items).toHaveLength(17);
  });

  test('that was changed is refused, in whatever character before its last line', () => {
    const last = whole.lastIndexOf('\n', whole.length - 2);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: last }),
        fc.constantFrom('a', '0', '"', '\n'),
        (at, character) => {
          fc.pre(whole[at] !== character);
          expect(whyNot(whole.slice(0, at) + character + whole.slice(at + 1))).not.toBe('');
        },
      ),
    );
  });

  test.each([
    ['nothing', '', 'its first line is no header'],
    ['something else', 'hello\nworld\n', 'its first line is no header'],
    ['other JSON', '{"a":1}\n{"keys":0,"sha256":""}\n', 'its first line is no header'],
    ['a header alone', `${first}\n`, 'it was cut'],
    [
      'a later form',
      sealed(first.replace('"format":1', '"format":2')),
      'format 2, this program reads format 1',
    ],
    ['no base64', sealed(first, line('k', '!')), 'line 2 is no key with its value in base64'],
    ['an empty value', sealed(first, line('k', '')), 'line 2: no store takes the key "k"'],
    ['a key with a blank', sealed(first, line('a b', 'YQ==')), 'line 2: no store takes the key "a b"'],
    ['a key twice', sealed(first, line('k', 'YQ=='), line('k', 'YQ==')), 'line 3: k is there twice'],
    ['a life', sealed(first, line('alive/fedcba9876543210', 'YQ==')), 'has no meaning in another store'],
    [
      'too few lines',
      sealed(first, line('k', 'YQ==')).replace('"keys":1', '"keys":2'),
      'it has 1 keys, its last line says 2',
    ],
    ['a line more', sealed(first).replace('\n', `\n${line('k', 'YQ==')}\n`), 'it was changed'],
  ])('of %s is refused', (_, text, why) => {
    expect(whyNot(text)).toContain(why);
  });

  test('holds nothing that stays behind', () => {
    for (const { key } of stayingKeys) expect(whyNot(sealed(first, line(key, 'YQ==')))).toContain(key);
  });
});
