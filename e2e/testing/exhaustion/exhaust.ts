import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../../soak/random.ts';
import type { Scene } from '../scene.ts';
import { Book, type Counts } from './book.ts';
import { inspectAnyTime, inspectEmpty, inspectFull, inspectPromises, type Inspected } from './inspect.ts';
import { poolOf } from './pool.ts';
import { disturb, type Troubles } from './trouble.ts';
import { Worker } from './worker.ts';

export interface ExhaustWish {
  readonly seed: number;
  /** Of both subnets, `2 ** bits` addresses each. */
  readonly bits: number;
  /** Clients of each agent. */
  readonly workers: number;
  /** Milliseconds of trouble while the pool is filled, and for which at least it goes on while all is released. */
  readonly storm: { readonly fill: number; readonly release: number };
}

/** What came of one run. */
export interface Exhausted {
  readonly seed: number;
  /** Endpoints that the network had room for. */
  readonly room: number;
  readonly counts: Counts;
  readonly troubles: Troubles;
  /** How often the store was read and found to be in order while all this went on. */
  readonly looks: number;
  readonly seconds: number;
  /** Empty: all is as it must be. */
  readonly wrong: readonly string[];
  /** Everything that was done, line by line. */
  readonly story: readonly string[];
}

const network = 'pool';

/**
 * Clients of every agent fill a network until nothing is free, while agents are killed and the store is cut off; then, in calm, what
 * is still free is given out and all is looked at; then all is released under the same troubles, and looked at again.
 */
export async function exhaust(
  scene: Scene,
  wish: ExhaustWish,
  say: (what: string) => void = () => undefined,
): Promise<Exhausted> {
  const begun = performance.now();
  const random = new Random(wish.seed);
  const book = new Book();
  const chapter = (title: string): void => {
    const { attached, detached, unanswered } = book.counts;
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    const counts = `${attached} attached, ${detached} detached, ${unanswered} asked again`;
    book.tell(title);
    say(`seed ${wish.seed}, ${seconds} s, ${counts}: ${title}`);
  };
  const pool = poolOf(wish.bits);
  const { id: networkId } = await scene.declare(network, pool.declaration);
  const workers = await hire(scene, wish, book, pool.usable);
  const inspected: Inspected = { scene, network, networkId, pool, book };
  const each = async (work: (worker: Worker) => Promise<void>): Promise<void> => {
    await Promise.all(workers.map(work));
  };
  let looks = 0;
  const witnessed = async (work: Promise<unknown>): Promise<void> => {
    const end = new AbortController();
    const watching = watch(inspected, end.signal);
    await work.finally(() => end.abort());
    looks += await watching;
  };
  chapter('the network is filled, and everything goes wrong');
  const calm = begun + wish.storm.fill;
  const goesOn = (): boolean =>
    book.wrong.length === 0 && (performance.now() < calm || book.counts.exhausted === 0);
  const troubles: Troubles[] = [];
  await witnessed(
    Promise.all([
      each((worker) => worker.churn(goesOn)),
      disturb(scene, { random, book, goesOn }).then((some) => troubles.push(some)),
    ]),
  );
  chapter('the troubles are over');
  await inspectPromises(inspected);
  chapter('what is still free is given out');
  await witnessed(each((worker) => worker.fill()));
  chapter('nothing is free, and everything is looked at');
  await inspectFull(inspected);
  chapter('all is released, and everything goes wrong');
  const end = performance.now() + wish.storm.release;
  let isReleased = false;
  await witnessed(
    Promise.all([
      each((worker) => worker.empty()).finally(() => (isReleased = true)),
      disturb(scene, { random, book, goesOn: () => !isReleased || performance.now() < end }).then((some) =>
        troubles.push(some),
      ),
    ]),
  );
  chapter('nothing is left, and everything is looked at');
  await inspectEmpty(inspected);
  chapter(book.wrong[0] ?? 'all was as it must be');
  return {
    seed: wish.seed,
    room: pool.room,
    counts: book.counts,
    troubles: {
      killed: troubles.reduce((sum, { killed }) => sum + killed, 0),
      cut: troubles.reduce((sum, { cut }) => sum + cut, 0),
    },
    looks,
    seconds: (performance.now() - begun) / 1000,
    wrong: book.wrong,
    story: book.story,
  };
}

/** Looks at the store again and again. How often it could be read? */
async function watch(inspected: Inspected, end: AbortSignal): Promise<number> {
  let looks = 0;
  while (!end.aborted) {
    if (await inspectAnyTime(inspected)) looks += 1;
    await pause(300);
  }
  return looks;
}

/** Workers with a sandbox each, and on each host a sandbox for one endpoint too many. */
async function hire(
  { hosts }: Scene,
  { seed, workers }: ExhaustWish,
  book: Book,
  usable: readonly string[],
): Promise<readonly Worker[]> {
  const hired: Worker[] = [];
  for (const host of hosts) {
    await host.sandbox('one-more').ensure();
    for (let n = 1; n <= workers; n += 1) {
      const sandbox = await host.sandbox(`w${n}`).ensure();
      const random = new Random(seed * 1000 + hired.length + 1);
      hired.push(new Worker({ name: `${host.name}-w${n}`, host, sandbox, network, usable, book, random }));
    }
  }
  return hired;
}

/** For whoever reads of a failure: what is wrong, and what was done. */
export function describeFailure({ seed, wrong, story }: Exhausted): string {
  return `seed ${seed}: ${wrong.join('\n')}\n\n${story.join('\n')}`;
}
