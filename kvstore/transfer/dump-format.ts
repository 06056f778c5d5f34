import { createHash } from 'node:crypto';
import { z } from 'zod';
import { WeftError } from '../../model/errors.ts';
import { decodeAny } from '../records/any.ts';
import { goesAlong, isWritable, type Item } from './stages.ts';

/** The form that `encodeDump` writes. docs/guides/stores.md describes it. */
const formatVersion = 1;

/** Where and when a dump was taken. */
export interface DumpHeader {
  /** The store, for people. */
  readonly store: string;
  /** What every key had in front there. */
  readonly prefix: string;
  readonly identity: string;
  /** Of that store: every key is as of it. */
  readonly revision: number;
  /** ISO 8601, by the clock of the machine that took it. */
  readonly time: string;
}

export interface Dump {
  readonly header: DumpHeader;
  readonly items: readonly Item[];
}

/** The dump as JSON lines, each with its end of line: a header, one line for each key, a trailer that proves the rest. */
export function* encodeDump({ header, items }: Dump): Generator<string> {
  const hash = createHash('sha256');
  const line = (content: object): string => `${JSON.stringify(content)}\n`;
  const proven = (content: object): string => {
    const text = line(content);
    hash.update(text);
    return text;
  };
  yield proven({ weft: 'store dump', format: formatVersion, ...header });
  for (const { key, value } of items) {
    yield proven({ key, value: Buffer.from(value).toString('base64'), record: readable(key, value) });
  }
  yield line({ keys: items.length, sha256: hash.digest('hex') });
}

/** For people. What cannot be decoded is left out; the value is there all the same. */
function readable(key: string, value: Uint8Array): unknown {
  try {
    return decodeAny(key, value);
  } catch {
    return undefined;
  }
}

const headerForm = z.object({
  weft: z.literal('store dump'),
  format: z.int(),
  store: z.string(),
  prefix: z.string(),
  identity: z.string(),
  revision: z.int(),
  time: z.string(),
});
const itemForm = z.object({ key: z.string(), value: z.base64() });
const trailerForm = z.object({ keys: z.int(), sha256: z.string() });

/**
 * Reads a dump and proves that it is whole and unchanged. `name` is where it comes from, for messages.
 *
 * @throws INPUT_INVALID when it is none, was cut or changed, or was written by a later version.
 */
export function decodeDump(text: string, name: string): Dump {
  const refuse = (why: string): never => {
    throw new WeftError('INPUT_INVALID', `the dump ${name} cannot be used: ${why}`, { details: { name } });
  };
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const [first = '', ...rest] = lines;
  const { weft: _, format, ...header } = parse(headerForm, first) ?? refuse('its first line is no header');
  if (format !== formatVersion) {
    refuse(
      `it has format ${format}, this program reads format ${formatVersion}; a later Weft reads and writes it`,
    );
  }
  const last = rest.pop() ?? '';
  const trailer = parse(trailerForm, last) ?? refuse('it was cut: its last line is no trailer');
  const hash = createHash('sha256').update(`${first}\n`);
  for (const line of rest) hash.update(`${line}\n`);
  const found = hash.digest('hex');
  if (found !== trailer.sha256) {
    refuse(
      `it was changed: SHA-256 of all lines but the last is ${found}, the last one says ${trailer.sha256}`,
    );
  }
  if (rest.length !== trailer.keys) refuse(`it has ${rest.length} keys, its last line says ${trailer.keys}`);
  return { header, items: readItems(rest, refuse) };
}

function readItems(lines: readonly string[], refuse: (why: string) => never): readonly Item[] {
  const seen = new Set<string>();
  return lines.map((line, index) => {
    const where = `line ${index + 2}`;
    const { key, value } = parse(itemForm, line) ?? refuse(`${where} is no key with its value in base64`);
    const item = { key, value: new Uint8Array(Buffer.from(value, 'base64')) };
    if (!isWritable(item)) refuse(`${where}: no store takes the key ${JSON.stringify(key)} with this value`);
    if (!goesAlong(key)) refuse(`${where}: ${key} has no meaning in another store`);
    if (seen.has(key)) refuse(`${where}: ${key} is there twice`);
    seen.add(key);
    return item;
  });
}

function parse<T>(form: z.ZodType<T>, line: string): T | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  return form.safeParse(json).data;
}
