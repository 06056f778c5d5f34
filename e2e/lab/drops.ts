import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { mustRun } from './run.ts';

/** A packet that some kernel function of this machine gave up. */
export interface Drop {
  /** Milliseconds since 1970, as `Date.now()` has them. */
  readonly time: number;
  /** The kernel's word for it (include/net/dropreason-core.h), such as `CPU_BACKLOG`. */
  readonly reason: string;
  /** The function that gave it up. */
  readonly where: string;
}

/** What happens to packets all the time, and takes nothing from anybody: copies for nobody, the ends of sockets, what came twice. */
const usual = /^(NO_SOCKET|OTHERHOST|SOCKET_FILTER|SOCKET_CLOSE|QUEUE_PURGE|TCP_\w+)$/;
/**
 * Which packets the kernel gives up, and why, in all namespaces: the tracepoint `skb:kfree_skb` in a trace buffer of its own
 * (Documentation/trace/ftrace.rst, "Instances").
 */
export class DropWatch implements AsyncDisposable {
  readonly #mount: string;
  readonly #buffer: string;

  private constructor(mount: string, buffer: string) {
    this.#mount = mount;
    this.#buffer = buffer;
  }

  /** Undefined where the kernel cannot tell, or may not be asked. */
  static async start(): Promise<DropWatch | undefined> {
    const mount = mkdtempSync(join(tmpdir(), 'weft-drops-'));
    const buffer = join(mount, 'instances', basename(mount));
    try {
      await mustRun(['mount', '-t', 'tracefs', 'none', mount]);
    } catch {
      rmdirSync(mount);
      return undefined;
    }
    const watch = new DropWatch(mount, buffer);
    try {
      mkdirSync(buffer);
      const event = join(buffer, 'events', 'skb', 'kfree_skb');
      const boring = reasonNumbers(readFileSync(join(event, 'format'), 'utf8'), usual);
      writeFileSync(join(event, 'filter'), boring.map((number) => `reason != ${number}`).join(' && ') || '0');
      writeFileSync(join(buffer, 'trace_clock'), 'mono');
      writeFileSync(join(event, 'enable'), '1');
      return watch;
    } catch {
      await watch[Symbol.asyncDispose]();
      return undefined;
    }
  }

  /** So far, the usual ones aside; the oldest first. */
  read(): readonly Drop[] {
    const booted = Date.now() - Number(process.hrtime.bigint()) / 1e6;
    return parseDrops(readFileSync(join(this.#buffer, 'trace'), 'utf8'), booted);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (existsSync(this.#buffer)) rmdirSync(this.#buffer);
    } finally {
      await mustRun(['umount', this.#mount]);
      rmdirSync(this.#mount);
    }
  }
}

/** The numbers of those reasons whose names match, from the tracepoint's `format`: each kernel has its own. */
function reasonNumbers(format: string, names: RegExp): readonly string[] {
  const all = format.matchAll(/\{ (\d+), "(\w+)" \}/g);
  return Array.from(all, ([, number = '', name = '']) => ({ number, name }))
    .filter(({ name }) => names.test(name))
    .map(({ number }) => number);
}

/** Reads a trace buffer with the clock `mono`, which was zero at `booted` (milliseconds since 1970). */
export function parseDrops(trace: string, booted: number): readonly Drop[] {
  const lines = trace.matchAll(/ (\d+\.\d+): kfree_skb: .* location=(\w+).* reason: (\w+)/g);
  return Array.from(lines, ([, seconds, where = '', reason = '']) => ({
    time: booted + Number(seconds) * 1000,
    reason,
    where,
  })).toSorted((a, b) => a.time - b.time);
}
