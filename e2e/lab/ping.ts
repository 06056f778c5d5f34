import { WeftError } from '../../model/errors.ts';
import { runIn } from './netns.ts';

export interface PingOptions {
  /** Seconds to wait for the answer; default 1. */
  readonly wait?: number;
  /** Echo requests; default 1, one every 200 ms. */
  readonly count?: number;
  /** Bytes of ICMP payload; the IP packet is 28 (IPv4) or 48 (IPv6) bytes longer. */
  readonly size?: number;
  /** Forbid fragmentation, here and on the way (`-M do`). */
  readonly whole?: boolean;
}

/** What came back of an echo request. */
export interface PingResult {
  readonly reached: boolean;
  readonly sent: number;
  readonly received: number;
  /** Round-trip time of the fastest answer in milliseconds; absent without an answer. */
  readonly ms?: number;
  /** Why nothing came, in ping's own words; empty when it simply stayed silent. */
  readonly why: string;
}

/**
 * Real ICMP from inside a network namespace (`ping -c1 -W1 -n ADDRESS`), IPv4 and IPv6.
 *
 * @throws KERNEL_REFUSED when ping cannot even try because it was asked wrongly.
 */
export async function ping(path: string, address: string, options: PingOptions = {}): Promise<PingResult> {
  const { wait = 1, count = 1 } = options;
  const argv = ['-n', `-c${count}`, `-W${wait}`, '-i0.2'];
  if (options.size !== undefined) argv.push(`-s${options.size}`);
  if (options.whole === true) argv.push('-Mdo');
  const within = (wait + count) * 1000 + 10_000;
  const { code, stdout, stderr } = await runIn(path, ['ping', ...argv, address], { within });
  return parsePing(code, stdout, stderr, address);
}

/** What `ping` printed, as a result. Its codes: 0 answered, 1 no answer, 2 another error. */
export function parsePing(code: number, stdout: string, stderr: string, address: string): PingResult {
  const counts = /(\d+) packets transmitted, (\d+) received/.exec(stdout);
  const said = `${stdout}\n${stderr}`;
  const why = /ping: (?:\w+: )?(.*)|From \S+:? icmp_seq=\d+ (.*)/.exec(said);
  const reason = why?.[1] ?? why?.[2] ?? '';
  // Without a route ping ends with code 2 before it sends anything: that is an answer as well.
  if (counts === null && !/unreachable|not permitted|cannot assign/i.test(reason)) {
    throw new WeftError('KERNEL_REFUSED', `ping ${address} ended with code ${code}: ${said.trim()}`);
  }
  const times = [...stdout.matchAll(/time=([\d.]+) ms/g)].map((match) => Number(match[1]));
  const received = Number(counts?.[2] ?? 0);
  return {
    reached: received > 0,
    sent: Number(counts?.[1] ?? 0),
    received,
    ...(times.length === 0 ? {} : { ms: Math.min(...times) }),
    why: received > 0 ? '' : reason,
  };
}
