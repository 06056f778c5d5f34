import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { mustRunIn } from '../../lab/netns.ts';
import { mustRun } from '../../lab/run.ts';
import type { Ground } from './ground.ts';
import type { Effort } from './effort.ts';

const source = join(import.meta.dirname, '..', 'batch.c');
const out = join(import.meta.dirname, '..', 'out');
const program = join(out, 'batch');

/** What a batching C program did on the machine of the facts, entries per second at 10,000 entries. */
export const factRates = { fdb: 243_000, neigh: 598_000 } as const;

/** The sizes that were fastest there. */
const batches = { fdb: 64, neigh: 128 } as const;

export async function compileC(): Promise<void> {
  mkdirSync(out, { recursive: true });
  await mustRun(['gcc', '-O2', '-Wall', '-o', program, source]);
}

/** Adds `count` entries of one kind. @throws when the kernel refused one. */
export async function addByC(ground: Ground, kind: 'fdb' | 'neigh', count: number): Promise<Effort> {
  const argv = [program, kind, ground.device, String(count), String(batches[kind])] as const;
  const answer = await mustRunIn(ground.path, argv);
  const [micros = 0, userMicros = 0, kernelMicros = 0, refused = 0] = answer.split(' ').map(Number);
  if (refused > 0) throw new Error(`the kernel refused ${refused} of ${count} ${kind} entries`);
  return { entries: count, ms: micros / 1000, userMicros, kernelMicros };
}
