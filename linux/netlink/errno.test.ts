import { expect, test } from '@jest/globals';
import { errnoName, refusedCall } from './errno.ts';

test.each([
  [17, 'EEXIST'],
  [-2, 'ENOENT'],
  [11, 'EAGAIN'],
  [95, 'EOPNOTSUPP'],
  [105, 'ENOBUFS'],
  [524, 'errno 524'],
])('%d is %s', (number, name) => {
  expect(errnoName(number)).toBe(name);
});

test('a refused call says what was wanted, what was called and what was answered', () => {
  expect(refusedCall('make the network namespace /x', 'unshare', 28, { path: '/x' })).toMatchObject({
    code: 'KERNEL_REFUSED',
    message: 'cannot make the network namespace /x: unshare answered ENOSPC',
    details: { path: '/x', call: 'unshare', errno: 'ENOSPC' },
  });
});

test.each([1, 13])('errno %d is a lack of privilege, which is named', (errno) => {
  const error = refusedCall('enter /x', 'setns', errno);
  expect(error.code).toBe('PERMISSION_DENIED');
  expect(error.message).toContain('CAP_SYS_ADMIN');
});
