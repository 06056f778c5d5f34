import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, percentile } from '../statistics.ts';
import { fixed } from '../table.ts';

const writes = 200;

/** What every durable write has to wait for, for the notes below a table. */
export function describeDisk(): string {
  const directory = mkdtempSync(join(tmpdir(), 'weft-disk-'));
  try {
    const times = measureSync(join(directory, 'log'));
    const [half, most] = [fixed(median(times), 2), fixed(percentile(times, 99), 2)];
    return `all with fsync: each write is on the disk before its answer; here 4 KiB + fdatasync take ${half} ms (p99 ${most})`;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Milliseconds of each append to a file. */
function measureSync(path: string): readonly number[] {
  const fd = openSync(path, 'a');
  try {
    const block = Buffer.alloc(4096, 1);
    return Array.from({ length: writes }, () => {
      const begin = performance.now();
      writeSync(fd, block);
      fdatasyncSync(fd);
      return performance.now() - begin;
    });
  } finally {
    closeSync(fd);
  }
}
