import type { WeftError } from '../model/errors.ts';
import type { Step } from './plan/step.ts';

/**
 * What is done about a refusal of the kernel.
 *
 * - `news`: it says that things are as wished already; the step has succeeded.
 * - `retry`: it may pass; the network is read and planned for again, with growing pauses.
 * - `terminal`: as things are, this object will not be; it is shown, the others go on, and the regular compare tries again.
 * - `ours`: the request was wrong: a bug of Weft, told as one; otherwise as `terminal`.
 */
export type Decision = 'news' | 'retry' | 'terminal' | 'ours';

/** Refusals that mean the same. */
export interface ErrnoClass {
  /** In words, what the kernel says. */
  readonly says: string;
  readonly errnos: readonly string[];
  /** Of steps that do this alone; absent: of all. */
  readonly ops?: readonly Step['op'][];
  /** Of objects of this kind alone; absent: of all. */
  readonly kind?: Step['object']['kind'];
  readonly decision: Decision;
  readonly why: string;
}

const makes = ['create', 'change'] as const;

/** The one table; the first line that fits decides. docs/reference/kernel-errors.md is generated from it. */
export const errnoClasses: readonly ErrnoClass[] = [
  {
    says: 'it is not there',
    errnos: ['ENODEV', 'ENOENT', 'ESRCH', 'EADDRNOTAVAIL'],
    ops: ['delete'],
    decision: 'news',
    why: 'What was to be deleted is gone already.',
  },
  {
    says: 'the device is no port of a bridge',
    errnos: ['EOPNOTSUPP'],
    ops: ['delete'],
    kind: 'port-fdb',
    decision: 'news',
    why: 'The entry went with the port.',
  },
  {
    says: 'it exists',
    errnos: ['EEXIST'],
    decision: 'retry',
    why:
      'It is looked at first: as wished it is news. Something else is left alone and named; it may be on its way out, as a ' +
      'namespace that still holds a VNI while the kernel takes it apart.',
  },
  {
    says: 'what it stands on is not there',
    errnos: ['ENODEV', 'ENOENT', 'ESRCH', 'ENXIO'],
    ops: makes,
    decision: 'retry',
    why: 'Somebody removed it just now: the next look at the kernel finds that, and plans for it.',
  },
  {
    says: 'there is no room now',
    errnos: ['ENOBUFS', 'ENOMEM', 'EAGAIN', 'EMFILE', 'ENFILE', 'ENOSPC', 'EINTR', 'ETIMEDOUT'],
    decision: 'retry',
    why: 'Memory, buffers and descriptors come back.',
  },
  {
    says: 'it is in use',
    errnos: ['EBUSY', 'EADDRINUSE', 'ETXTBSY'],
    decision: 'retry',
    why: 'Whoever uses it lets go some time.',
  },
  {
    says: 'the network is not there',
    errnos: ['EADDRNOTAVAIL', 'ENETDOWN', 'ENETUNREACH', 'EHOSTDOWN', 'EHOSTUNREACH', 'ENONET', 'ENOTCONN'],
    decision: 'retry',
    why: 'An address or interface that is needed is away, and may return.',
  },
  {
    says: 'it is not allowed',
    errnos: ['EPERM', 'EACCES', 'EROFS'],
    decision: 'terminal',
    why: 'Rights do not come by waiting: weftd needs root, or CAP_NET_ADMIN and CAP_SYS_ADMIN, and a writable /proc/sys.',
  },
  {
    says: 'the kernel cannot do that',
    errnos: ['EOPNOTSUPP', 'ENOSYS', 'EPROTONOSUPPORT', 'EAFNOSUPPORT', 'EPFNOSUPPORT', 'ENOPROTOOPT'],
    decision: 'terminal',
    why: 'A module or a feature is missing: load or enable it.',
  },
  {
    says: 'a limit of the kernel is reached',
    errnos: ['EXFULL', 'E2BIG', 'EMLINK', 'EUSERS', 'EDQUOT'],
    decision: 'terminal',
    why: 'A bridge takes 1023 ports, for instance; something else has to go first.',
  },
  {
    says: 'the request makes no sense',
    errnos: [
      'EINVAL',
      'ERANGE',
      'EMSGSIZE',
      'ENAMETOOLONG',
      'EILSEQ',
      'EPROTO',
      'EBADF',
      'EFAULT',
      'ENOTTY',
      'ELOOP',
    ],
    decision: 'ours',
    why: 'Nobody but Weft wrote it: please report it with the text of the kernel.',
  },
];

/** Whatever nobody thought of may pass; the pauses keep it from doing harm. */
export const otherwise: Decision = 'retry';

/** What is done about this answer to this step. */
export function decisionOn({ op, object }: Step, errno: string): Decision {
  const found = errnoClasses.find(
    ({ errnos, ops, kind }) =>
      errnos.includes(errno) && (ops?.includes(op) ?? true) && (kind === undefined || kind === object.kind),
  );
  return found?.decision ?? otherwise;
}

/** What is done about a failed step; undefined: it was not tried, and follows the one that it needs. */
export function decisionOf(step: Step, error: WeftError): Decision | undefined {
  const { errno, neededStep } = error.details;
  if (neededStep !== undefined) return undefined;
  if (typeof errno === 'string') return decisionOn(step, errno);
  switch (error.retry) {
    case 'transient':
    case 'conflict':
      return 'retry';
    case 'terminal':
      return 'terminal';
    case 'bug':
      return 'ours';
  }
}
