import { setTimeout as pause } from 'node:timers/promises';
import koffi from 'koffi';

/** A `struct pollfd` that asks for nothing: what the kernel tells then is that the other end is gone. */
const bytesOfPollfd = 8;
const POLLERR = 8;
const POLLHUP = 16;
/** Milliseconds between two looks. */
const interval = 500;

/** Does nobody read this end of a pipe or a socket any more? Of a terminal or a file somebody always does. */
function isUnread(fd: number): boolean {
  const poll = koffi.load(null).func('int poll(void *fds, ulong count, int timeout)');
  const asked = Buffer.alloc(bytesOfPollfd);
  asked.writeInt32LE(fd, 0);
  const told = poll(asked, 1, 0) as number;
  return told === 1 && (asked.readUInt16LE(6) & (POLLERR | POLLHUP)) !== 0;
}

/**
 * Resolves when nobody reads this descriptor any more. Who writes learns that by his next write; who has nothing to write, by this
 * alone. Does not keep the process alive.
 */
export async function unread(fd: number): Promise<void> {
  while (!isUnread(fd)) await pause(interval, undefined, { ref: false });
}
