import { spawn } from 'node:child_process';
import { inside } from '../lab/netns.ts';
import { ended, searchPath } from '../lab/run.ts';
import { waitFor } from '../lab/wait.ts';

/** A ping every 10 ms to an address that nobody has yet. */
export interface Poller extends AsyncDisposable {
  /** When the first reply came, in milliseconds as `wallClock` counts. @throws TIMEOUT */
  firstReply(within: number): Promise<number>;
}

/** Milliseconds since 1970, to the microsecond: what `ping -D` prints, and what a call of ours is held against. */
export function wallClock(): number {
  return offset + performance.now();
}
const offset = measureOffset();

/** `Date.now()` counts whole milliseconds: at the moment it moves on we know the wall clock exactly. */
function measureOffset(): number {
  const start = Date.now();
  let now = start;
  while (now === start) now = Date.now();
  return now - performance.now();
}

/** Starts to ask from inside a namespace; does not wait. The kernel's own retry of an unanswered ARP or ND question is 1 s. */
export function startPoller(path: string, address: string): Poller {
  const [command, ...args] = inside(path, ['ping', '-n', '-D', '-i0.01', address]);
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: searchPath },
  });
  const end = ended('ping', child);
  end.catch(() => undefined);
  let text = '';
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  child.stderr.setEncoding('utf8').on('data', (part: string) => (said += part));
  const look = (): number | undefined => {
    const reply = firstReplyIn(text);
    if (reply === undefined && said !== '') throw new Error(`ping ${address}: ${said.trim()}`);
    return reply;
  };
  return {
    firstReply: (within) => waitFor(`the first reply of ${address}`, look, { within, every: 5 }),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await end;
    },
  };
}

/** When the first echo reply arrived, by what `ping -D` printed; the addresses' own "unreachable" is none. */
export function firstReplyIn(text: string): number | undefined {
  const reply = /^\[(\d+)\.(\d{6})\] \d+ bytes from /m.exec(text);
  return reply === null ? undefined : Number(reply[1]) * 1000 + Number(reply[2]) / 1000;
}
