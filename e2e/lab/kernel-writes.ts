import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { straceArguments, traceProcess } from './strace.ts';

/** One attempt of a process to change the kernel's configuration, as strace saw it. */
export interface KernelWrite {
  readonly how: 'netlink' | 'sysctl' | 'ioctl';
  /** The message type (`RTM_NEWNEIGH`), the file (`/proc/sys/...`) or the request (`SIOCBRADDBR`). */
  readonly what: string;
  /** The line of strace it was read from, for a message. */
  readonly line: string;
}

/** What a process asked of the kernel: reads are counted to show that the trace saw something at all. */
export interface KernelTraffic {
  readonly writes: readonly KernelWrite[];
  readonly netlinkReads: number;
}

/** The system calls that may carry a write to the kernel's configuration. */
const calls = 'sendto,sendmsg,sendmmsg,write,writev,pwrite64,pwritev,ioctl';

/** `strace` with everything in it but the program: each system call that may carry a kernel write goes to `file`. */
export const traceArguments = (file: string): readonly string[] =>
  straceArguments({ file, calls, forGood: true });

/** Reads what strace wrote: netlink requests other than reads, writes below /proc/sys, ioctls that set something. */
export function parseTrace(text: string): KernelTraffic {
  const writes: KernelWrite[] = [];
  let netlinkReads = 0;
  for (const line of text.split('\n')) {
    const call = /^(?:\d+ +)?(\w+)\(\d+<((?:[^<>]|->)*)>, (.*)$/.exec(line);
    if (call === null) continue;
    const [, name = '', object = '', rest = ''] = call;
    // The kernel was busy and makes the same call again by itself, with a line of its own.
    if (rest.includes('= ? ERESTART')) continue;
    if (object.startsWith('NETLINK:') && name !== 'ioctl') {
      // A header of length 0 is padding that iproute2 sends along; the kernel stops reading there.
      const headers = /nlmsg_len=[1-9]\d*, nlmsg_type=([^,]+?)(?: \/\* [^*]* \*\/)?, nlmsg_flags/g;
      const types = [...rest.matchAll(headers)].map((match) => match[1] ?? '');
      // A message that strace could not take apart is taken for a write: this count may err in one direction only.
      for (const what of types.length === 0 ? [`${name} of unknown content`] : types) {
        if (isName(what)) continue;
        if (isRead(what)) netlinkReads += 1;
        else writes.push({ how: 'netlink', what, line });
      }
    } else if (object.startsWith('/proc/sys/') && name !== 'ioctl') {
      writes.push({ how: 'sysctl', what: object, line });
    } else if (name === 'ioctl') {
      const what = /^(SIOC(?:S|ADD|DEL|BR|ETHTOOL|DEV)\w*|TUNSET\w+)/.exec(rest)?.[1];
      if (what !== undefined) writes.push({ how: 'ioctl', what, line });
    }
  }
  return { writes, netlinkReads };
}

/** An id by which one network namespace knows another (RTM_NEWNSID): no object of the kernel's configuration. */
const isName = (type: string): boolean => type === 'RTM_NEWNSID' || type === '0x58';

/** NFT_MSG_GET* of linux/netfilter/nf_tables.h. */
const nftReads = new Set([1, 4, 7, 10, 13, 16, 19, 23]);

/**
 * Does this message only read? strace names types only for sockets of its own namespace; of others it prints the number:
 * rtnetlink comes in fours NEW, DEL, GET, SET from 16 on, and stays below 256; nfnetlink has the subsystem above.
 */
function isRead(type: string): boolean {
  if (!type.startsWith('0x'))
    return /^RTM_GET|MSG_GET|^SOCK_DIAG_BY_FAMILY$|^CTRL_CMD_GET|^NLMSG_(NOOP|DONE)$/.test(type);
  const number = Number(type);
  if (number < 256) return number >= 16 && number % 4 === 2;
  return number >> 8 === 10 && nftReads.has(number & 255);
}

/**
 * Watches a running process with all its threads, and those it starts. Ready when it returns. `stop` detaches and tells what was
 * seen.
 *
 * @throws KERNEL_REFUSED when strace cannot attach.
 */
export async function watchKernelWrites(pid: number): Promise<{ stop(): Promise<KernelTraffic> }> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-trace-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  const traced = await traceProcess(pid, { file: join(directory, 'trace'), calls }).catch(
    (error: unknown) => {
      remove();
      throw error;
    },
  );
  return { stop: () => traced.stop().then(parseTrace).finally(remove) };
}
