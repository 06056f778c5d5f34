import { spawn } from 'node:child_process';
import { inside, mustRunIn } from '../lab/netns.ts';
import { ended, searchPath } from '../lab/run.ts';
import { waitFor } from '../lab/wait.ts';

/** Two sandboxes on two hosts that reach each other. */
export interface Path {
  readonly from: string;
  readonly to: string;
  readonly v4: string;
  readonly v6: string;
}

/** Gigabits per second of one TCP stream, and microseconds from one echo request to the next. */
export interface Traffic {
  readonly tcp4: number;
  readonly tcp6: number;
  readonly echo4: number;
  readonly echo6: number;
}

export async function measureTraffic(path: Path): Promise<Traffic> {
  return {
    tcp4: await measureTcp(path, path.v4),
    echo4: await measureRoundTrip(path, path.v4),
    tcp6: await measureTcp(path, path.v6),
    echo6: await measureRoundTrip(path, path.v6),
  };
}

/**
 * Bytes of one transfer, about a quarter of a second: on which processor each end comes to lie makes a stream two times as
 * fast or as slow, and is decided anew for each. Only many of them say something about a few per cent.
 */
const transfer = '500M';

/** Gigabits per second of one stream; cubic, since on two cores BBR measures the scheduler. */
async function measureTcp({ from, to }: Path, address: string): Promise<number> {
  const [command, ...args] = inside(to, ['iperf3', '-s', '-1', '-B', address, '--forceflush']);
  const server = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: searchPath },
  });
  const end = ended('iperf3', server);
  end.catch(() => undefined);
  let said = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  }
  try {
    await waitFor('iperf3 to listen', () => said.includes('Server listening'), { within: 5000, every: 5 });
    const argv = ['iperf3', '-c', address, '-C', 'cubic', '-n', transfer, '-J'] as const;
    const report = JSON.parse(await mustRunIn(from, argv)) as IperfReport;
    return report.end.sum_received.bits_per_second / 1e9;
  } finally {
    server.kill('SIGKILL');
    await end;
  }
}

interface IperfReport {
  readonly end: { readonly sum_received: { readonly bits_per_second: number } };
}

const requests = 10_000;

/**
 * Microseconds from one request to the next: `ping -f` sends it as soon as the last is answered. (The round-trip time that
 * ping prints counts whole microseconds, which is too coarse here.)
 */
async function measureRoundTrip({ from }: Path, address: string): Promise<number> {
  const text = await mustRunIn(from, ['ping', '-n', '-q', '-f', '-c', String(requests), address]);
  const took = / 0% packet loss, time (\d+)ms/.exec(text)?.[1];
  if (took === undefined) throw new Error(`ping -f ${address}: ${text.trim().slice(-300)}`);
  return (Number(took) * 1000) / (requests - 1);
}
