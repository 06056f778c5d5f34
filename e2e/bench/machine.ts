import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { run } from '../lab/run.ts';

/** What a figure has to be read with: when, on which machine, with which programs. */
export async function describeMachine(now: Date): Promise<readonly string[]> {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const gigabytes = (totalmem() / 2 ** 30).toFixed(1);
  const programs = await Promise.all([
    firstLine(['ip', '-V']),
    firstLine(['iperf3', '--version']),
    firstLine(['etcd', '--version']),
    firstLine(['gcc', '--version']),
  ]);
  return [
    `date     ${now.toISOString()}`,
    `machine  ${availableParallelism()} x ${model}, ${gigabytes} GiB, load ${readLoad()}`,
    `kernel   ${release()}`,
    `node     ${process.version}`,
    `others   ${programs.join('; ')}`,
  ];
}

function readLoad(): string {
  return readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' ');
}

async function firstLine(argv: readonly [string, ...string[]]): Promise<string> {
  try {
    const { stdout, stderr } = await run(argv);
    return (stdout || stderr).split('\n')[0]?.trim() ?? argv[0];
  } catch {
    return `no ${argv[0]}`;
  }
}
