import { classOf } from './classify.ts';
import type { CallClass } from './known-calls.ts';
import type { Point } from './strike.ts';
import { hasWorked, type Trace, type TracedCall } from './trace.ts';

/** A call at which an operation can be killed. */
export interface Seen {
  readonly kind: CallClass;
  readonly call: TracedCall;
  readonly point: Point;
}

/** What an undisturbed run did. */
export interface Survey {
  /** In their order. */
  readonly seen: readonly Seen[];
  /** What nobody knows what it is good for. */
  readonly unknown: readonly TracedCall[];
}

/** Finds each call of a run in the list of known ones. What the kernel refused has changed nothing, and is left out. */
export function survey({ calls }: Trace): Survey {
  const seen: Seen[] = [];
  const unknown: TracedCall[] = [];
  calls.forEach((call, i) => {
    const kind = classOf(call);
    if (kind === undefined) {
      if (hasWorked(call)) unknown.push(call);
    } else if (hasWorked(call)) {
      const path = fileOf(call);
      const before = calls.slice(0, i).filter((other) => countsFor(other, call, path));
      seen.push({ kind, call, point: { call: call.name, nth: before.length + 1, path } });
    }
  });
  return { seen, unknown };
}

/** Each thread counts for itself, and with a file only what has to do with it. */
const countsFor = (other: TracedCall, call: TracedCall, path: string | undefined): boolean =>
  other.thread === call.thread &&
  other.name === call.name &&
  (path === undefined || other.args.includes(`<${path}>`) || other.args.includes(`"${path}"`));

/** The file that is written, renamed, made or removed: by it a call is found again whatever else the process does. */
function fileOf({ name, args }: TracedCall): string | undefined {
  if (!/^(openat|write|pwrite64|fsync|fdatasync|rename|link|unlink)$/.test(name)) return undefined;
  const path = /^\d+<(\/[^>]*)>/.exec(args)?.[1] ?? /"(\/[^"]*)"/.exec(args)?.[1];
  // One that bears the number of the process is another one next time.
  return path === undefined || /\.\d+$/.test(path) ? undefined : path;
}
