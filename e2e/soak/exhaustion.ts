import { fixed, renderFigures } from '../bench/table.ts';
import { describeFailure, exhaust, type Exhausted } from '../testing/exhaustion/exhaust.ts';
import { tell } from '../testing/scene.ts';
import type { Verdict } from './soak.ts';

export interface ExhaustionWish {
  readonly lab: string;
  readonly stores: readonly string[];
  /** On each store; every one has the seed after that of the one before. */
  readonly runs: number;
  readonly seed: number;
  /** Of both subnets, `2 ** bits` addresses each. */
  readonly bits: number;
}

interface Row {
  readonly store: string;
  readonly exhausted: Exhausted;
}

/** Fills a network until nothing is free and releases all of it, again and again, while agents are killed and stores cut off. */
export async function exhaustions(
  { lab, stores, runs, seed, bits }: ExhaustionWish,
  say: (what: string) => void,
): Promise<Verdict> {
  const rows: Row[] = [];
  const complaints: string[] = [];
  for (const store of stores) {
    await tell({ name: lab, hosts: 3, store, underlay: 4 }, async (scene) => {
      for (let run = 0; run < runs && complaints.length === 0; run += 1) {
        const storm = { fill: 40 * 2 ** bits + 3000, release: 3000 };
        const wish = { seed: seed + run, bits, workers: 8, storm };
        const exhausted = await exhaust(scene, wish, (text) => say(`${store}: ${text}`));
        rows.push({ store, exhausted });
        if (exhausted.wrong.length > 0) complaints.push(`on ${store}, ${describeFailure(exhausted)}`);
      }
    }).catch((error: unknown) => {
      complaints.push(`on ${store}: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
  const end =
    complaints.length === 0
      ? 'no address was given twice, none was lost, all were given out, no key is left'
      : complaints.join('\n');
  return { ok: complaints.length === 0, text: `${tableOf(rows)}${end}` };
}

function tableOf(rows: readonly Row[]): string {
  const stores = [...new Set(rows.map(({ store }) => store))];
  return renderFigures({
    title:
      '24 clients of three agents fill a subnet of each family and release it, while agents are killed and the store is cut off',
    head: [
      ['store', 'runs', 'room', 'attached', 'reserved', 'repeated', 'detached'],
      ['exhausted', 'taken', 'asked again', 'killed', 'cut', 'looks', 'seconds'],
    ].flat(),
    rows: stores.map((store) => {
      const all = rows.filter((row) => row.store === store).map(({ exhausted }) => exhausted);
      const sum = (of: (one: Exhausted) => number): number => all.reduce((total, one) => total + of(one), 0);
      const { room = 0 } = all[0] ?? {};
      const counts = (
        ['attached', 'reserved', 'repeated', 'detached', 'exhausted', 'taken', 'unanswered'] as const
      ).map((what) => String(sum((one) => one.counts[what])));
      const troubles = (['killed', 'cut'] as const).map((what) => String(sum((one) => one.troubles[what])));
      const looks = String(sum((one) => one.looks));
      return [
        [store, String(all.length), String(room)],
        [...counts, ...troubles, looks, fixed(sum((one) => one.seconds))],
      ].flat();
    }),
    notes: [
      'exhausted, taken: attaches that were refused since nothing, or not the wished address, was free',
      'asked again: calls without an answer that says what is so; looks: how often all keys were read and compared meanwhile',
    ],
  });
}
