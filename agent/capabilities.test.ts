import { expect, test } from '@jest/globals';
import { checkCapabilities } from './capabilities.ts';

const status = (mask: string): string =>
  `Name:\tnode\nCapInh:\t0000000000000000\nCapEff:\t${mask}\nCapBnd:\t000001ffffffffff\n`;

test.each([
  ['000001ffffffffff', []],
  ['0000000000201000', []],
  ['0000000000200000', ['CAP_NET_ADMIN']],
  ['0000000000001000', ['CAP_SYS_ADMIN']],
  ['0000000000000000', ['CAP_NET_ADMIN', 'CAP_SYS_ADMIN']],
])('with the mask %s %j is missing', (mask, missing) => {
  const check = (): void => {
    checkCapabilities(status(mask));
  };
  if (missing.length === 0) expect(check).not.toThrow();
  else expect(check).toThrow(expect.objectContaining({ code: 'PERMISSION_DENIED', details: { missing } }));
});
