import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Runs after which a process ends: what crashed machines still wait for stays in its memory, about a MiB for each run. */
export const portionSize = 250;

export interface Portion {
  readonly from: number;
  readonly runs: number;
}

export function portionsOf(from: number, runs: number): readonly Portion[] {
  const count = Math.ceil(runs / portionSize);
  return Array.from({ length: count }, (_, n) => {
    const done = n * portionSize;
    return { from: from + done, runs: Math.min(portionSize, runs - done) };
  });
}

/** What a process has said of its portion. */
export interface Outcome {
  /** `seed N: what is wrong` */
  readonly failures: readonly string[];
  readonly hours: number;
  /** It ended in another way than by saying what failed. */
  readonly trouble: string | undefined;
}

/** Runs all, as many at a time as there are processors; after a failure no other is begun unless `keepsGoing`. */
export async function runPortions(
  portions: readonly Portion[],
  { command, keepsGoing, onDone }: Portions,
): Promise<void> {
  const left = portions.toReversed();
  let isOver = false;
  const work = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined && !isOver; next = left.pop()) {
      const outcome = await runOne([...command, '--from', String(next.from), '--runs', String(next.runs)]);
      const isBad = outcome.failures.length > 0 || outcome.trouble !== undefined;
      isOver ||= isBad && !keepsGoing;
      onDone(next, outcome);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

export interface Portions {
  /** Arguments of Node; the portion is put behind them. */
  readonly command: readonly string[];
  readonly keepsGoing: boolean;
  onDone(portion: Portion, outcome: Outcome): void;
}

async function runOne(args: readonly string[]): Promise<Outcome> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [text, said] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  child.stderr.setEncoding('utf8').on('data', (part: string) => (said += part));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  return outcomeOf(code, text, said);
}

export function outcomeOf(code: number | null, text: string, said: string): Outcome {
  const failures = text.match(/^seed \d+: .*$/gm) ?? [];
  const hours = Number(/([\d.]+) hours simulated\n*$/.exec(text)?.[1] ?? 0);
  const isTold = code === 0 || (code === 1 && failures.length > 0);
  const trouble = isTold ? undefined : `ended with ${code ?? 'a signal'}: ${said.trim().slice(-2000)}`;
  return { failures, hours, trouble };
}
