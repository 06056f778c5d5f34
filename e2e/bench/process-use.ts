import { readFileSync } from 'node:fs';

/** What a process holds and has used (proc_pid_status(5), proc_pid_smaps_rollup(5), proc_pid_stat(5)). */
export interface ProcessUse {
  /** Resident, in MiB. */
  readonly rss: number;
  /** The same with shared pages divided by those who share them. */
  readonly pss: number;
  /** User and system time so far, in milliseconds. */
  readonly cpuMs: number;
}

/** Clock ticks of /proc are hundredths of a second on every Linux. */
const tickMs = 10;

/** @throws when there is no such process. */
export function readProcessUse(pid: number): ProcessUse {
  const read = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8');
  return parseProcessUse(read('status'), read('smaps_rollup'), read('stat'));
}

export function parseProcessUse(status: string, rollup: string, stat: string): ProcessUse {
  const kilobytes = (text: string, field: string): number => {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text);
    if (found === null) throw new Error(`/proc says nothing of ${field}`);
    return Number(found[1]);
  };
  // The second field is the name in parentheses and may hold anything; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    rss: kilobytes(status, 'VmRSS') / 1024,
    pss: kilobytes(rollup, 'Pss') / 1024,
    cpuMs: (Number(fields[11]) + Number(fields[12])) * tickMs,
  };
}
