import { spawn, type ChildProcess } from 'node:child_process';
import { geteuid } from 'node:process';
import { WeftError } from '../../model/errors.ts';

/** A network namespace with `lo` up that lives as long as a process which we hold. */
export interface Sandbox extends AsyncDisposable {
  /** Whose network namespace it is. */
  readonly pid: number;
}

/**
 * Its standard input is ours: it ends when we do, however that happens, and takes the namespace along. Nothing is pinned in
 * a file system, so nothing can be left behind.
 */
const holder = 'ip link set lo up && echo up && read -r _';

/**
 * `unshare --net`, held by a process of its own session, so that what a terminal sends to the command does not reach it.
 *
 * @throws PERMISSION_DENIED without root, KERNEL_REFUSED with what was said.
 */
export async function openSandbox(): Promise<Sandbox> {
  if (geteuid?.() !== 0) {
    throw new WeftError(
      'PERMISSION_DENIED',
      'weft run makes a network namespace, which only root may do: use sudo',
    );
  }
  const child = spawn('unshare', ['--net', '--', 'sh', '-c', holder], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, PATH: `${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin` },
  });
  const pid = await whenUp(child);
  return {
    pid,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        child.once('close', () => resolve());
        if (child.exitCode !== null || child.signalCode !== null) resolve();
        child.stdin.end();
      }),
  };
}

function whenUp(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = '';
    const fail = (why: string, cause?: unknown): void =>
      reject(new WeftError('KERNEL_REFUSED', `cannot make a network namespace: ${why}`, { cause }));
    child.once('error', (error) => fail(error.message, error));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.stdin?.on('error', () => undefined);
    child.once('close', (code) => fail(said.trim() || `\`unshare\` ended with code ${code ?? 'none'}`));
    child.stdout?.once('data', () => resolve(child.pid ?? 0));
  });
}
