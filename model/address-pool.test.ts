import { expect, test } from '@jest/globals';
import { defaultPools, parsePools, showPools } from './address-pool.ts';

test.each([
  ['', ''],
  ['base=10.64.0.0/11,size=24', 'base=10.64.0.0/11,size=24'],
  [
    ' base=10.64.0.0/11,size=24\n  base=FD00:7::/48,size=64 ',
    'base=10.64.0.0/11,size=24 base=fd00:7::/48,size=64',
  ],
  ['base=10.0.0.0/24,size=24', 'base=10.0.0.0/24,size=24'],
  ['base=10.0.0.0/24,size=30', 'base=10.0.0.0/24,size=30'],
])('%j is read and shown as %j', (text, shown) => {
  expect(showPools(parsePools(text))).toBe(shown);
});

test.each([
  ['10.0.0.0/8', /"10\.0\.0\.0\/8" must be spelt as in base=10\.64\.0\.0\/11,size=24/],
  ['base=10.0.0.0/8', /must be spelt/],
  ['base=10.0.0.1/8,size=24', /did you mean 10\.0\.0\.0\/8/],
  ['base=10.0.0.0/8,size=7', /from 8, the length of its base, to 30/],
  ['base=10.0.0.0/8,size=31', /to 30/],
  ['base=fd00::/48,size=127', /from 48, the length of its base, to 126/],
  ['base=224.0.0.0/8,size=24', /224\.0\.0\.0\/8 is multicast/],
  ['base=0.0.0.0/0,size=24', /unspecified/],
  [
    'base=10.64.0.0/11,size=24 base=fd00::/48,size=64 base=10.65.0.0/16,size=26',
    /address pools base=10\.64\.0\.0\/11,size=24 and base=10\.65\.0\.0\/16,size=26 overlap/,
  ],
  ['base=10.0.0.0/8,size=24 base=10.0.0.0/8,size=24', /overlap/],
  [Array(17).fill('base=10.0.0.0/8,size=24').join(' '), /17 address pools are given, at most 16/],
])('%j is refused', (text, why) => {
  expect(() => parsePools(text)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
  expect(() => parsePools(text)).toThrow(why);
});

test('the default ones of IPv6 are unique local addresses with the id in them', () => {
  expect(showPools(defaultPools('0123456789'))).toBe(
    'base=10.64.0.0/11,size=24 base=fd01:2345:6789::/48,size=64',
  );
});
