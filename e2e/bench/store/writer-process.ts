/** Attaches endpoints one after the other for a while, in whichever store it is told; answers with what came of it. */
import { createInterface } from 'node:readline';
import { say } from './line-process.ts';
import { openWriter, type Way, type Writer } from './ways.ts';

export interface WriteOrder {
  readonly way: Way;
  readonly url: string;
  /** Number of the first endpoint, and revision of the network. */
  readonly first: number;
  readonly state: number;
  /** Milliseconds; 0 only connects. */
  readonly during: number;
}

export interface Written {
  /** Milliseconds that each attach took. */
  readonly times: readonly number[];
  /** From the first to the end of the last. */
  readonly ms: number;
  readonly conflicts: number;
  readonly retries: number;
}

const writers = new Map<string, Writer>();

async function writerOf(way: Way, url: string): Promise<Writer> {
  const known = writers.get(url);
  if (known !== undefined) return known;
  const writer = await openWriter(way, url);
  writers.set(url, writer);
  return writer;
}

async function write({ way, url, first, state, during }: WriteOrder): Promise<Written> {
  const writer = await writerOf(way, url);
  const times: number[] = [];
  let [conflicts, retries] = [0, 0];
  const begin = performance.now();
  let now = begin;
  for (let n = first; now - begin < during || n === first; n += 1) {
    const outcome = await writer.attach(n, state);
    conflicts += outcome.conflicts;
    retries += outcome.retries;
    times.push(performance.now() - now);
    now = performance.now();
  }
  return { times, ms: now - begin, conflicts, retries };
}

for await (const line of createInterface({ input: process.stdin }))
  say(await write(JSON.parse(line) as WriteOrder));
process.exit(0);
