/** One system call of a traced process, as strace has written it. */
export interface TracedCall {
  /** Number of the thread. */
  readonly thread: number;
  /** `sendto` */
  readonly name: string;
  /** What stands in the parentheses, with `-yy`: `17<NETLINK:[ROUTE:1234]>, [{nlmsg_len=...`. */
  readonly args: string;
  /** `0`, `-1 ENOENT (...)`; absent: it was entered, and nothing is known of its end. */
  readonly result?: string;
}

/** What a trace tells. */
export interface Trace {
  /** In the order in which they were entered. */
  readonly calls: readonly TracedCall[];
  /** Was the process killed? */
  readonly killed: boolean;
}

/** Reads what `strace -f -yy` wrote. Of a call that was interrupted and made again by the kernel itself only the last attempt counts. */
export function readTrace(text: string): Trace {
  const calls: TracedCall[] = [];
  const open = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, thread = '', rest = ''] = /^(?:(\d+) +)?(.*)$/.exec(line) ?? [];
    const resumed = /^<\.\.\. (\w+) resumed>(.*)$/.exec(rest);
    if (resumed !== null) {
      const at = open.get(thread);
      const call = at === undefined ? undefined : calls[at];
      open.delete(thread);
      if (at !== undefined && call !== undefined) calls[at] = finished(call, resumed[2] ?? '');
      continue;
    }
    const entered = /^(\w+)\((.*)$/.exec(rest);
    if (entered === null) continue;
    const [, name = '', tail = ''] = entered;
    const call = { thread: Number(thread), name, args: '' };
    if (tail.endsWith(' <unfinished ...>')) {
      open.set(thread, calls.length);
      calls.push({ ...call, args: tail.slice(0, -' <unfinished ...>'.length) });
    } else calls.push(finished(call, tail));
  }
  const isOver = ({ result }: TracedCall): boolean => result?.startsWith('? ERESTART') !== true;
  return { calls: calls.filter(isOver), killed: text.includes('+++ killed by SIGKILL +++') };
}

/** `args) = result`, where the arguments may hold anything. */
function finished(call: TracedCall, tail: string): TracedCall {
  const end = /^(.*)\) += (.*)$/s.exec(tail);
  if (end === null) return { ...call, args: call.args + tail };
  const [, args = '', result = ''] = end;
  const isKnown = result !== '?' && !result.startsWith('? <');
  return { ...call, args: call.args + args, ...(isKnown ? { result } : {}) };
}

/** Did the call change anything, or may it have? What the kernel refused did not. */
export const hasWorked = ({ result }: TracedCall): boolean => result?.startsWith('-1 ') !== true;
