import { describe, expect, test } from '@jest/globals';
import { checked, held, reserved } from '../api/testing/fake-service.ts';
import type { AgentService } from '../api/service.ts';
import { WeftError } from '../model/errors.ts';
import { typeWeft } from './testing/type-weft.ts';

describe('weft ip ls', () => {
  test('shows pools, and below them who has which address', async () => {
    const { code, stdout, calls } = await typeWeft(['ip', 'ls', '--network', 'blue']);
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toEqual([
      'NETWORK  POOL                            USED  TOTAL                 PERCENT',
      'blue     10.7.0.0/24                     2     253                   0.79',
      'blue     fd00:7::100/120 of fd00:7::/64  1     18446744073709551613  0',
      '',
      'NETWORK  ADDRESS   KIND         HOLDER   NODE  OWNER  EXPIRES',
      'blue     10.7.0.1  gateway      gateway  -     n1     -',
      'blue     10.7.0.2  endpoint     web      n1    -      -',
      'blue     10.7.0.9  reservation  printer  -     alice  2026-11-25T11:00:00.000Z',
    ]);
    expect(calls).toEqual([['listAddresses', { network: 'blue' }]]);
  });

  test('as JSON has all that the agent says', async () => {
    const { stdout, calls } = await typeWeft(['ip', 'ls', '-o', 'json']);
    expect(JSON.parse(stdout)).toEqual(held);
    expect(calls).toEqual([['listAddresses', {}]]);
  });
});

describe('weft ip who', () => {
  test('tells what is wrong with a claim that cannot be read', async () => {
    const { networkId } = held.addresses[0]!;
    const where = { address: '10.7.0.9', network: 'blue', networkId };
    const problem = 'record k cannot be read: mend it';
    const findAddress: AgentService['findAddress'] = () =>
      Promise.resolve([{ ...where, kind: 'unreadable', holder: '', owner: '', problem }]);
    const { code, stdout } = await typeWeft(['ip', 'who', '10.7.0.9'], { answers: { findAddress } });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout:
        'NETWORK  ADDRESS   KIND        HOLDER                            NODE  OWNER  EXPIRES\n' +
        'blue     10.7.0.9  unreadable  record k cannot be read: mend it  -     -      -\n',
    });
  });

  test('asks for one address, in every network', async () => {
    const { code, stdout, calls } = await typeWeft(['ip', 'who', 'FD00:7::0:2']);
    expect({ code, lines: stdout.split('\n').length }).toEqual({ code: 0, lines: 3 });
    expect(calls).toEqual([['findAddress', { address: 'fd00:7::2' }]]);
  });

  test.each([
    ['nobody has', '10.7.0.8', 4, /^weft: nobody holds it/],
    ['is none', '10.7.0', 2, /"10\.7\.0" is not an IPv4 or IPv6 address/],
  ])('an address that %s ends with its code', async (_, address, exit, message) => {
    const findAddress = () => Promise.reject(new WeftError('ADDRESS_NOT_FOUND', 'nobody holds it'));
    const { code, stdout, stderr } = await typeWeft(['ip', 'who', address], { answers: { findAddress } });
    expect({ code, stdout }).toEqual({ code: exit, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('weft ip reserve', () => {
  test('hands on what is wished, and tells what came of it', async () => {
    const flags = ['--network', 'blue', '--ip', '10.7.0.9', '--owner', 'alice', '--expires', '1h'];
    const { code, stdout, calls } = await typeWeft(['ip', 'reserve', ...flags, 'printer']);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'Reserved 10.7.0.9, fd00:7::109 of network blue as printer for alice.\n',
    });
    const wish = {
      network: 'blue',
      name: 'printer',
      addresses: ['10.7.0.9'],
      owner: 'alice',
      expires: 3_600_000,
    };
    expect(calls).toEqual([['reserveAddress', { ...wish, timeout: 10_000 }]]);
    const json = await typeWeft(['ip', 'reserve', '--network', 'blue', '-o', 'json']);
    expect(JSON.parse(json.stdout)).toEqual(reserved);
    expect(json.calls).toEqual([
      ['reserveAddress', { network: 'blue', addresses: [], owner: '', timeout: 10_000 }],
    ]);
  });

  test.each([
    [['--network', 'blue', '--ip', 'x'], /"x" is not an IPv4 or IPv6 address/],
    [['--network', 'blue', '--expires', '1'], /It must be a duration/],
    [['--network', 'blue', '--owner', 'a\nb'], /without control characters/],
    [[], /required option '--network <name>'/],
  ])('%j is refused', async (args, message) => {
    const { code, stderr, calls } = await typeWeft(['ip', 'reserve', ...args]);
    expect([code, calls]).toEqual([2, []]);
    expect(stderr).toMatch(message);
  });
});

test.each([
  ['printer', { name: 'printer' }],
  ['10.7.0.9', { address: '10.7.0.9' }],
  ['fd00:7::109', { address: 'fd00:7::109' }],
])('weft ip release %s says which, and what it gave up', async (which, meant) => {
  const { code, stdout, calls } = await typeWeft(['ip', 'release', '--network', 'blue', which]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'Released 10.7.0.9, fd00:7::109 of network blue.\n' });
  expect(calls).toEqual([['releaseAddress', { network: 'blue', ...meant, owner: '', timeout: 10_000 }]]);
  const releaseAddress = async () => ({ released: false, addresses: [] });
  const again = await typeWeft(['ip', 'release', '--network', 'blue', which], {
    answers: { releaseAddress },
  });
  expect(again).toMatchObject({ code: 0, stdout: `Nothing is reserved as ${which} in network blue.\n` });
});

describe('weft ip check', () => {
  const finding = {
    kind: 'claim-without-holder',
    key: 'net/1/claim/address/10.7.0.9',
    what: 'address 10.7.0.9\u001b',
  };
  const answering = (...mends: readonly ('mended' | 'possible' | 'undecided')[]) => ({
    answers: {
      checkAddresses: async () => ({ ...checked, findings: mends.map((mend) => ({ ...finding, mend })) }),
    },
  });

  test('says that nothing is wrong', async () => {
    const { code, stdout, calls } = await typeWeft(['ip', 'check']);
    expect([code, stdout]).toEqual([0, 'Nothing is wrong: 1 networks, 1 endpoints, 8 claims.\n']);
    expect(calls).toEqual([['checkAddresses', { fix: false }]]);
  });

  test('says what is wrong, and who mends it; exit code 1 while something is left', async () => {
    const { code, stdout } = await typeWeft(['ip', 'check'], answering('possible', 'undecided'));
    expect([code, stdout.split('\n')]).toEqual([
      1,
      [
        'claim-without-holder: address 10.7.0.9? (--fix mends it)',
        'claim-without-holder: address 10.7.0.9? (somebody has to decide)',
        '2 found; 1 networks, 1 endpoints, 8 claims.',
        '',
      ],
    ]);
    const fixed = await typeWeft(['ip', 'check', '--fix', '-o', 'json'], answering('mended'));
    expect([fixed.code, fixed.calls]).toEqual([0, [['checkAddresses', { fix: true }]]]);
    expect(JSON.parse(fixed.stdout)).toMatchObject({ findings: [{ ...finding, mend: 'mended' }] });
  });
});

test('an attach says which reservation it takes, and whose', async () => {
  const line = ['attach', 'c1', '--network', 'blue', '--reservation', 'web', '--owner', 'alice'];
  const { calls } = await typeWeft(line);
  expect(calls).toEqual([['attach', expect.objectContaining({ reservation: 'web', owner: 'alice' })]]);
});
