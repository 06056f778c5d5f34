import { constants } from 'node:os';
import { WeftError, type ErrorDetails } from '../../model/errors.ts';

const names: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno)
    // Two names with one number on Linux: POSIX prefers the first of each pair.
    .filter(([name]) => name !== 'EWOULDBLOCK' && name !== 'EOPNOTSUPP')
    .map(([name, number]) => [number, name]),
);

/** `17` is `EEXIST`; a number that nobody named stays one. Accepts the kernel's negative numbers as well. */
export function errnoName(errno: number): string {
  if (Math.abs(errno) === constants.errno.EOPNOTSUPP) return 'EOPNOTSUPP';
  return names.get(Math.abs(errno)) ?? `errno ${Math.abs(errno)}`;
}

/** A refused system call as an error that says what was wanted. Missing privilege is PERMISSION_DENIED, all else KERNEL_REFUSED. */
export function refusedCall(
  wish: string,
  call: string,
  errno: number,
  details: ErrorDetails = {},
): WeftError {
  const name = errnoName(errno);
  const denied = name === 'EPERM' || name === 'EACCES';
  const need = denied ? '; root, or CAP_NET_ADMIN and CAP_SYS_ADMIN, is needed' : '';
  return new WeftError(
    denied ? 'PERMISSION_DENIED' : 'KERNEL_REFUSED',
    `cannot ${wish}: ${call} answered ${name}${need}`,
    { details: { ...details, call, errno: name } },
  );
}
