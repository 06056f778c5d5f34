import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRunIn } from '../../lab/netns.ts';
import type { Effort } from './effort.ts';
import { address, macOf, vtepOf } from './entries.ts';
import type { Ground } from './ground.ts';

/** The same entries by iproute2: all lines in one `-batch` file, or a process for each line. */
export async function addByIproute(ground: Ground, how: 'batch' | 'each', count: number): Promise<Effort> {
  const numbers = Array.from({ length: count }, (_, n) => n);
  const fdb = numbers.map((n) => `fdb add ${macOf(n)} dev ${ground.device} self permanent dst ${vtepOf(n)}`);
  const neighbours = numbers.map(
    (n) => `neigh add ${address(n)} lladdr ${macOf(n)} dev ${ground.device} nud permanent`,
  );
  const directory = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  try {
    const file = (name: string, lines: readonly string[]): string => {
      const path = join(directory, name);
      writeFileSync(path, `${lines.join('\n')}\n`);
      return path;
    };
    const script =
      how === 'batch'
        ? `bridge -batch ${file('fdb', fdb)}\nip -batch ${file('neighbours', neighbours)}`
        : [...fdb.map((line) => `bridge ${line}`), ...neighbours.map((line) => `ip ${line}`)].join('\n');
    return { entries: 2 * count, ...(await timed(ground.path, file('script', ['set -e', script]))) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Bash's own `time` counts what the commands used as well, to the millisecond. */
async function timed(path: string, script: string): Promise<Omit<Effort, 'entries'>> {
  const line = `TIMEFORMAT='%3R %3U %3S'; { time . ${script} >&2; } 2>&1`;
  const words = (await mustRunIn(path, ['bash', '-ec', line], { within: 120_000 })).trim().split(/\s+/);
  const [real = NaN, user = NaN, system = NaN] = words.slice(-3).map(Number);
  return { ms: real * 1000, userMicros: user * 1e6, kernelMicros: system * 1e6 };
}
