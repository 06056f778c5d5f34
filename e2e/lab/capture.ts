import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WeftError } from '../../model/errors.ts';
import { parsePcap, type Frame } from './frames.ts';
import { inside } from './netns.ts';
import { ended, searchPath } from './run.ts';
import { waitFor } from './wait.ts';

export interface CaptureOptions {
  /** A filter of pcap-filter(7), such as `icmp or icmp6`. */
  readonly filter?: string;
  /** UDP port of the tunnels; default 4789. */
  readonly tunnelPort?: number;
}

/** What passes an interface, from the moment it was made. */
export interface Capture extends AsyncDisposable {
  /** The frames so far, in the order they passed. */
  frames(): readonly Frame[];
  /**
   * Waits until a frame passes for which `wanted` holds, and returns it. A frame sent on purpose is also a fence: what
   * passed before it is in `frames()` by then.
   *
   * @throws TIMEOUT
   */
  waitFor(what: string, wanted: (frame: Frame) => boolean, within?: number): Promise<Frame>;
  /** Ends the capture and returns everything. @throws INVARIANT when the kernel dropped frames before we saw them. */
  stop(): Promise<readonly Frame[]>;
}

/**
 * Captures an interface inside a namespace by tcpdump, without promiscuous mode. Ready when it returns.
 *
 * @throws KERNEL_REFUSED when tcpdump cannot listen.
 */
export async function startCapture(
  path: string,
  device: string,
  options: CaptureOptions = {},
): Promise<Capture> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-capture-'));
  const file = join(directory, 'pcap');
  // -Z root: otherwise tcpdump changes its user and may not write there.
  const flags = ['-n', '-p', '-U', '--immediate-mode', '-B', '8192', '-Z', 'root', '-i', device, '-w', file];
  const filter = options.filter === undefined ? [] : [options.filter];
  const [command, ...args] = inside(path, ['tcpdump', ...flags, ...filter]);
  const env = { ...process.env, PATH: searchPath };
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  let finished = false;
  const end = ended('tcpdump', child).finally(() => (finished = true));
  end.catch(() => undefined);
  const dispose = async (): Promise<void> => {
    child.kill('SIGKILL');
    await end.catch(() => undefined);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const listening = (): boolean => said.includes('listening on');
    await waitFor('tcpdump to listen', listening, { within: 10_000, giveUp: () => finished });
  } catch (error) {
    await dispose();
    throw new WeftError('KERNEL_REFUSED', `tcpdump cannot listen on ${device} in ${path}: ${said.trim()}`, {
      cause: error,
    });
  }
  const frames = (): readonly Frame[] => parsePcap(readFileSync(file), options.tunnelPort);
  return {
    frames,
    waitFor(what, wanted, within = 5000) {
      return waitFor(`a frame on ${device}: ${what}`, () => frames().find(wanted), { within });
    },
    async stop() {
      child.kill('SIGINT');
      await end;
      const seen = frames();
      await dispose();
      const dropped = Number(/(\d+) packets? dropped by kernel/.exec(said)?.[1] ?? 0);
      if (dropped > 0) throw new WeftError('INVARIANT', `tcpdump on ${device} missed ${dropped} frames`);
      return seen;
    },
    [Symbol.asyncDispose]: dispose,
  };
}
