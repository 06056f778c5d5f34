import { describe, expect, test } from '@jest/globals';
import { declarationOf, type DeclarationFlags } from './declaration-of.ts';

describe('flags as a declaration', () => {
  test('only what is said', () => {
    expect(declarationOf({ subnet: ['10.7.0.0/24'] })).toEqual({ subnets: ['10.7.0.0/24'] });
  });

  test('everything, each address in the subnet that holds it', () => {
    const flags: DeclarationFlags = {
      subnet: ['10.7.0.0/24', 'FD00:7::/64', '10.8.0.0/24'],
      gateway: ['fd00:7:0::1', '10.7.0.254'],
      range: ['fd00:7::100/120'],
      aux: ['router=fd00:7::2', 'printer=10.7.0.9', 'scanner=10.7.0.10'],
      driver: 'overlay',
      mtu: 1400,
      vni: 1_048_577,
      internal: true,
      allowOverlap: true,
      label: ['team=a', 'note=x=y', 'empty='],
    };
    expect(declarationOf(flags)).toEqual({
      driver: 'overlay',
      subnets: [
        {
          cidr: '10.7.0.0/24',
          gateway: '10.7.0.254',
          auxiliary: { printer: '10.7.0.9', scanner: '10.7.0.10' },
        },
        {
          cidr: 'fd00:7::/64',
          gateway: 'fd00:7::1',
          range: 'fd00:7::100/120',
          auxiliary: { router: 'fd00:7::2' },
        },
        '10.8.0.0/24',
      ],
      mtu: 1400,
      vni: 1_048_577,
      internal: true,
      allowOverlap: true,
      labels: { team: 'a', note: 'x=y', empty: '' },
    });
  });

  test.each<[Partial<DeclarationFlags>, RegExp]>([
    [{ subnet: ['10.7.0.0'] }, /"10\.7\.0\.0" is not a prefix/],
    [{ gateway: ['10.7.1.1'] }, /--gateway 10\.7\.1\.1 lies in none of the subnets: 10\.7\.0\.0\/24/],
    [{ gateway: ['fd00::1'] }, /lies in none/],
    [{ gateway: ['10.7.0.1', '10.7.0.2'] }, /given two of --gateway: 10\.7\.0\.1 and 10\.7\.0\.2/],
    [{ range: ['10.7.0.0/23'] }, /--range 10\.7\.0\.0\/23 lies in none/],
    [{ aux: ['10.7.0.9'] }, /--aux "10\.7\.0\.9" must be KEY=VALUE/],
    [{ aux: ['a=10.7.0.9', 'a=10.7.0.10'] }, /--aux has "a" twice/],
    [{ aux: ['a=10.9.0.9'] }, /--aux a=10\.9\.0\.9 lies in none/],
    [{ label: ['team'] }, /--label "team" must be KEY=VALUE/],
  ])('%j is refused', (flags, message) => {
    expect(() => declarationOf({ subnet: ['10.7.0.0/24'], ...flags })).toThrow(message);
  });
});
