import { readFileSync } from 'node:fs';

/** Time that all processes of one machine share until it is booted again. */
export interface BootClock {
  /** The kernel's name for this boot. */
  readonly boot: string;
  /** Milliseconds of CLOCK_MONOTONIC, the same for every process. */
  now(): number;
}

/** Reads the boot id once: it cannot change while a process lives. */
export function bootClock(): BootClock {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return { boot, now: () => Math.floor(Number(process.hrtime.bigint() / 1000n) / 1000) };
}
