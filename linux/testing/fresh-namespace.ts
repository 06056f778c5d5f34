import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A directory of one test, removed with all that it pins: `using directory = freshDirectory()`. */
export interface FreshDirectory extends Disposable {
  readonly path: string;
}

/** A network namespace of one test with nothing but `lo`, which is down. */
export interface FreshNamespace extends FreshDirectory {
  /** Runs a program of iproute2 or any other inside, and returns what it prints. */
  run(program: string, ...args: readonly string[]): string;
  /** Ends the pin, as the exit of a sandbox's last process would. */
  unpin(): void;
}

export function freshDirectory(): FreshDirectory {
  const path = mkdtempSync(join(tmpdir(), 'weft-netns-'));
  return {
    path,
    [Symbol.dispose]: () => {
      rmSync(path, { recursive: true });
    },
  };
}

/** Made by `unshare` and not by the code under test. */
export function freshNamespace(): FreshNamespace {
  const directory = freshDirectory();
  const path = join(directory.path, 'ns');
  execFileSync('touch', [path]);
  execFileSync('unshare', [`--net=${path}`, 'true']);
  const unpin = (): void => {
    if (existsSync(path)) execFileSync('umount', ['--lazy', path]);
    rmSync(path, { force: true });
  };
  return {
    path,
    run: (program, ...args) =>
      execFileSync('nsenter', [`--net=${path}`, program, ...args], { encoding: 'utf8' }),
    unpin,
    [Symbol.dispose]: () => {
      unpin();
      directory[Symbol.dispose]();
    },
  };
}

/** Looks until it is so. */
export async function until(what: string, look: () => boolean, within = 10_000): Promise<void> {
  for (const end = performance.now() + within; !look();) {
    await pause(5);
    if (performance.now() > end) throw new Error(`waited ${within} ms for ${what}`);
  }
}
