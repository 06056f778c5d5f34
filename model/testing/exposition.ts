/** One family of a parsed exposition. */
export interface ParsedFamily {
  readonly type: string;
  readonly help: string;
  /** By what stands before the value, such as `weft_nodes{state="alive"}`. */
  readonly samples: ReadonlyMap<string, number>;
}

interface Building {
  readonly type: string;
  readonly help: string;
  readonly samples: Map<string, number>;
}

const label = /[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"/.source;
const sample = new RegExp(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{${label}(?:,${label})*\\})? (\\S+)$`);

/**
 * Reads the text format of Prometheus, version 0.0.4, more strictly than a server has to: each family is headed by its help and
 * its type, its lines stand together, none comes twice, and histograms add up.
 *
 * @throws with the line that is wrong.
 */
export function parseExposition(text: string): ReadonlyMap<string, ParsedFamily> {
  const families = new Map<string, Building>();
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error('the last line has no end');
  let help: readonly [string, string] | undefined;
  let current: readonly [string, Building] | undefined;
  for (const line of lines) {
    const [, word = '', name = '', rest = ''] = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line) ?? [];
    if (word === 'HELP') help = [name, rest];
    else if (word === 'TYPE') {
      if (help?.[0] !== name || families.has(name)) throw new Error(`out of place: ${line}`);
      current = [name, { type: rest, help: help[1], samples: new Map() }];
      families.set(...current);
    } else if (current === undefined) throw new Error(`before any TYPE: ${line}`);
    else addSample(line, ...current);
  }
  for (const [name, { type, samples }] of families) {
    if (samples.size === 0) throw new Error(`${name} has no sample`);
    if (type === 'histogram') checkHistogram(name, samples);
  }
  return families;
}

function addSample(line: string, family: string, { type, samples }: Building): void {
  const [, name = '', labels = '', value = ''] = sample.exec(line) ?? [];
  const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  if (!suffixes.some((suffix) => name === `${family}${suffix}`))
    throw new Error(`no line of ${family}, a ${type}: ${line}`);
  const number = value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value);
  if (Number.isNaN(number) || (type !== 'gauge' && number < 0)) throw new Error(`no value: ${line}`);
  if (samples.has(`${name}${labels}`)) throw new Error(`twice: ${line}`);
  samples.set(`${name}${labels}`, number);
}

function checkHistogram(name: string, samples: ReadonlyMap<string, number>): void {
  const [least, last] = [new Map<string, number>(), new Map<string, string>()];
  for (const [series, value] of samples) {
    const [, before = '', le = ''] = /_bucket\{(.*?),?le="([^"]*)"\}$/.exec(series) ?? [];
    if (le === '') continue;
    if (value < (least.get(before) ?? 0)) throw new Error(`${series} is less than the bucket before it`);
    least.set(before, value);
    last.set(before, le);
  }
  for (const [before, count] of least) {
    const braces = before === '' ? '' : `{${before}}`;
    if (last.get(before) !== '+Inf') throw new Error(`${name}${braces} does not end with +Inf`);
    if (samples.get(`${name}_count${braces}`) !== count)
      throw new Error(`${name}_count${braces} is not ${count}`);
    if (!samples.has(`${name}_sum${braces}`)) throw new Error(`${name}_sum${braces} is missing`);
  }
}
