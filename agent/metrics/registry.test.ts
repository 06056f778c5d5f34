import { describe, expect, test } from '@jest/globals';
import { metrics } from '../../model/metric.ts';
import { parseExposition } from '../../model/testing/exposition.ts';
import { exposition, reading } from './exposition.ts';
import { Registry } from './registry.ts';

const samplesOf = (registry: Registry, name: string): Readonly<Record<string, number>> =>
  Object.fromEntries(parseExposition(exposition(registry.families())).get(name)?.samples ?? []);

describe('the table of metrics', () => {
  test.each(Object.entries(metrics))('%s has a name that says its unit', (name, { type, labels }) => {
    expect(name).toMatch(/^(weft|process)_[a-z_]+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(name).not.toMatch(/_(ms|milliseconds|percent|kilobytes)(_|$)/);
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    expect(Object.keys(labels)).not.toContain('le');
    expect(Object.keys(labels)).not.toContain('network');
  });
});

describe('a registry', () => {
  test('adds up by labels', () => {
    const registry = new Registry();
    registry.count('weft_operations_total', { operation: 'attach', outcome: 'ok' });
    registry.count('weft_operations_total', { outcome: 'ok', operation: 'attach' }, 2);
    registry.count('weft_operations_total', { operation: 'attach', outcome: 'TIMEOUT' });
    expect(samplesOf(registry, 'weft_operations_total')).toEqual({
      'weft_operations_total{operation="attach",outcome="ok"}': 3,
      'weft_operations_total{operation="attach",outcome="TIMEOUT"}': 1,
    });
  });

  test('puts a value into the first bucket that holds it, bounds included, and into all above', () => {
    const registry = new Registry();
    for (const seconds of [0.001, 0.0011, 0.2, 31])
      registry.observe('weft_wait_duration_seconds', {}, seconds);
    const samples = samplesOf(registry, 'weft_wait_duration_seconds');
    const bucket = (le: string): unknown => samples[`weft_wait_duration_seconds_bucket{le="${le}"}`];
    expect(['0.001', '0.0025', '0.1', '0.25', '30', '+Inf'].map(bucket)).toEqual([1, 2, 2, 3, 3, 4]);
    expect(samples['weft_wait_duration_seconds_count']).toBe(4);
    expect(samples['weft_wait_duration_seconds_sum']).toBeCloseTo(31.2021);
  });

  test('shows what has no labels before it ever happened, and nothing of the rest', () => {
    const families = parseExposition(exposition(new Registry().families()));
    expect(families.get('weft_store_reconnects_total')?.samples).toEqual(
      new Map([['weft_store_reconnects_total', 0]]),
    );
    expect(families.get('weft_wait_duration_seconds')?.samples.get('weft_wait_duration_seconds_count')).toBe(
      0,
    );
    expect(families.has('weft_operations_total')).toBe(false);
  });
});

describe('the exposition', () => {
  test('escapes quotes, backslashes and line ends in a label', () => {
    const version = 'a"b\\c\nd';
    const text = exposition([reading('weft_build_info', { version }, 1)]);
    expect(text).toContain('weft_build_info{version="a\\"b\\\\c\\nd"} 1\n');
    expect([...(parseExposition(text).get('weft_build_info')?.samples.keys() ?? [])]).toHaveLength(1);
  });

  test('puts what several places tell of one metric under one head, in the order of the table', () => {
    const text = exposition([
      reading('weft_nodes', { state: 'down' }, 1),
      reading('weft_ready', {}, 0),
      reading('weft_nodes', { state: 'alive' }, 2),
    ]);
    expect([...parseExposition(text).keys()].slice(0, 2)).toEqual([
      'weft_ready',
      'weft_store_reconnects_total',
    ]);
    expect(parseExposition(text).get('weft_nodes')).toEqual({
      type: 'gauge',
      help: metrics.weft_nodes.help,
      samples: new Map([
        ['weft_nodes{state="down"}', 1],
        ['weft_nodes{state="alive"}', 2],
      ]),
    });
  });
});

describe('the parser that tests use', () => {
  const head = '# HELP a b\n# TYPE a counter\n';
  const histogram = '# HELP a b\n# TYPE a histogram\n';
  test.each([
    ['no end', '# HELP a b\n# TYPE a counter\na 1', /has no end/],
    ['no head', 'a 1\n', /before any TYPE/],
    ['another name', `${head}b 1\n`, /no line of a/],
    ['a label without quotes', `${head}a{x=1} 1\n`, /no line of a/],
    ['no number', `${head}a one\n`, /no value/],
    ['one line twice', `${head}a 1\na 1\n`, /twice/],
    ['a family in two places', `${head}a 1\n${head}a{x="y"} 1\n`, /out of place/],
    [
      'buckets that fall',
      `${histogram}a_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n`,
      /less/,
    ],
    ['no last bucket', `${histogram}a_bucket{le="1"} 1\na_sum 1\na_count 1\n`, /\+Inf/],
    ['another count', `${histogram}a_bucket{le="+Inf"} 1\na_sum 1\na_count 2\n`, /is not 1/],
    ['no sum', `${histogram}a_bucket{le="+Inf"} 1\na_count 1\n`, /a_sum is missing/],
  ])('refuses %s', (_, text, message) => {
    expect(() => parseExposition(text)).toThrow(message);
  });
});
