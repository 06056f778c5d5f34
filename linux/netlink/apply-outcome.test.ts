import { expect, test } from '@jest/globals';
import { fdb } from '../kernel-contract-objects.ts';
import { refused } from './apply-outcome.ts';

test.each([
  ['EPERM', '', 'PERMISSION_DENIED'],
  ['EACCES', '', 'PERMISSION_DENIED'],
  // What the kernel says to an address where IPv6 is off.
  ['EACCES', 'ipv6: IPv6 is disabled on this device', 'KERNEL_REFUSED'],
  ['EINVAL', '', 'KERNEL_REFUSED'],
])('%s "%s" is %s, in the words of the kernel', (errno, text, code) => {
  const error = refused({ op: 'create', object: fdb }, { errno, text });
  expect(error.code).toBe(code);
  expect(error.message).toContain(text === '' ? errno : `${errno}: ${text}`);
});
