import koffi from 'koffi';
import { refusedCall } from './netlink/errno.ts';

/**
 * The calls of libc that Node has no word for. All are synchronous: they run on the thread that calls, which is what setns(2)
 * is about. The C library is the one that Node itself runs on, glibc or musl.
 */
const libc = koffi.load(null);

const calls = {
  socket: libc.func('int socket(int domain, int type, int protocol)'),
  bind: libc.func('int bind(int fd, const void *address, uint length)'),
  connect: libc.func('int connect(int fd, const void *address, uint length)'),
  send: libc.func('long send(int fd, const void *bytes, size_t length, int flags)'),
  sendto: libc.func(
    'long sendto(int fd, const void *bytes, size_t length, int flags, const void *to, uint toLength)',
  ),
  recv: libc.func('long recv(int fd, void *bytes, size_t length, int flags)'),
  recvmmsg: libc.func('int recvmmsg(int fd, void *messages, uint count, int flags, void *timeout)'),
  epoll_create1: libc.func('int epoll_create1(int flags)'),
  epoll_ctl: libc.func('int epoll_ctl(int epoll, int operation, int fd, void *event)'),
  dup3: libc.func('int dup3(int from, int to, int flags)'),
  setsockopt: libc.func('int setsockopt(int fd, int level, int name, const void *value, uint length)'),
  getsockopt: libc.func('int getsockopt(int fd, int level, int name, void *value, void *length)'),
  getsockname: libc.func('int getsockname(int fd, void *address, void *length)'),
  unshare: libc.func('int unshare(int flags)'),
  setns: libc.func('int setns(int fd, int type)'),
  mount: libc.func('int mount(str source, str target, str type, ulong flags, const void *data)'),
  flock: libc.func('int flock(int fd, int operation)'),
  umount2: libc.func('int umount2(str target, int flags)'),
  ioctl: libc.func('int ioctl(int fd, ulong request, void *argument)'),
} as const;

type Call = keyof typeof calls;

/** What a call answered: a number, or the errno of its refusal. */
export type Answer =
  { readonly ok: true; readonly value: number } | { readonly ok: false; readonly errno: number };

/** Calls, and leaves the judgement to the caller. */
export function attempt(call: Call, ...args: readonly unknown[]): Answer {
  const value = Number((calls[call] as (...all: readonly unknown[]) => number | bigint)(...args));
  return value < 0 ? { ok: false, errno: koffi.errno() } : { ok: true, value };
}

/**
 * Calls something that has to succeed, and returns its answer.
 *
 * @throws PERMISSION_DENIED or KERNEL_REFUSED: "cannot <wish>: <call> answered <errno>"
 */
export function must(wish: string, call: Call, ...args: readonly unknown[]): number {
  const answer = attempt(call, ...args);
  if (answer.ok) return answer.value;
  throw refusedCall(wish, call, answer.errno);
}

/** malloc_trim(3). Only glibc has it. */
const mallocTrim = ((): ((pad: number) => number) | undefined => {
  try {
    return libc.func('int malloc_trim(size_t pad)');
  } catch {
    return undefined;
  }
})();

/** Gives the kernel back what was freed and is kept for whoever asks next. Nothing where the C library has no such call. */
export function trimMemory(): void {
  mallocTrim?.(0);
}

/** Memory outside of JavaScript, whose place does not change: for calls that are handed addresses. It is kept for life. */
export interface FixedMemory {
  readonly bytes: Buffer;
  /** Where the first byte is. */
  readonly address: bigint;
}

export function fixedMemory(length: number): FixedMemory {
  const memory: unknown = koffi.alloc('uint8', length);
  return { bytes: Buffer.from(koffi.view(memory, length)), address: koffi.address(memory) };
}
