import { expect, test } from '@jest/globals';
import { fixed, renderFigures, verdict, whole } from './table.ts';

test('names to the left, numbers to the right, notes below', () => {
  const text = renderFigures({
    title: 'Entries per second',
    head: ['how', 'per second', 'of C'],
    rows: [
      ['C', whole(1_234_567.4), fixed(1, 2)],
      ['one `ip` each', whole(405), fixed(0.0003, 2)],
    ],
    notes: ['median of 3'],
  });
  expect(text).toBe(
    [
      'Entries per second',
      '  how            per second  of C',
      '  -------------  ----------  ----',
      '  C               1,234,567  1.00',
      '  one `ip` each         405  0.00',
      '  median of 3',
      '',
    ].join('\n'),
  );
});

test('a missing cell is empty', () => {
  const text = renderFigures({ title: 't', head: ['a', 'bb'], rows: [['long', '1'], ['y']] });
  expect(text.split('\n').slice(3)).toEqual(['  long   1', '  y', '']);
});

test('a figure is judged against its aim in the right direction', () => {
  expect(verdict(8, 8, 'less')).toBe('met');
  expect(verdict(12, 8, 'less')).toBe('missed (x1.50)');
  expect(verdict(0.8, 0.8, 'more')).toBe('met');
  expect(verdict(0.4, 0.8, 'more')).toBe('missed (x0.50)');
  expect(verdict(Number.NaN, 8, 'less')).toBe('not measured');
});

test('what could not be computed prints as -', () => {
  expect([whole(Number.NaN), fixed(Number.POSITIVE_INFINITY)]).toEqual(['-', '-']);
});
