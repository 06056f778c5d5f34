import { fixed, renderFigures, whole } from '../bench/table.ts';
import { chapters, type Lengths } from '../testing/recovery/all.ts';
import { prepareRecovery, type Recovery } from '../testing/recovery/story.ts';
import { tell } from '../testing/scene.ts';
import type { Verdict } from './soak.ts';

export interface RecoveryWish extends Lengths {
  readonly lab: string;
  /** As in weftd.yaml, such as `30s`; the lease is weftd's own. */
  readonly deadNodeGrace: string;
}

interface Row {
  readonly lab: string;
  readonly recovery: Recovery;
}

/** Every story of recovery with the lease of a real cluster, one lab after the other, and a table of what came of it. */
export async function recoveries(
  { lab, deadNodeGrace, ...lengths }: RecoveryWish,
  say: (what: string) => void,
): Promise<Verdict> {
  const rows: Row[] = [];
  const complaints: string[] = [];
  for (const { title, lab: kind, stories } of chapters(lengths)) {
    const where = `${kind.hosts} hosts, IPv${kind.underlay}`;
    say(`${where}: ${title}`);
    await tell({ ...kind, name: lab, store: 'etcd', settings: { deadNodeGrace } }, async (scene) => {
      await prepareRecovery(scene);
      for (const story of stories) {
        const recovery = await story(scene);
        say(recovery.story);
        rows.push({ lab: where, recovery });
        complaints.push(...recovery.complaints);
      }
    }).catch((error: unknown) => {
      complaints.push(`${title}: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
  const end =
    complaints.length === 0 ? 'everything healed, and nobody noticed who was not hit' : complaints.join('\n');
  return { ok: complaints.length === 0, text: `${tableOf(rows)}${end}` };
}

function tableOf(rows: readonly Row[]): string {
  return renderFigures({
    title: 'A hundred pings a second and a TCP connection on every pair, while something fails and heals',
    head: [
      'story',
      'lab',
      'pings',
      'lost',
      'lost by those who were hit',
      'no answer, ms',
      'no byte, ms',
    ].concat('healed, s'),
    rows: rows.map(({ lab, recovery }) => {
      const { story, sent, lost, lostByTouched, gap, pause, converged } = recovery;
      const counts = [whole(sent), String(lost.length), whole(lostByTouched)];
      return [story, lab, ...counts, fixed(gap, 0), fixed(pause, 0), fixed(converged)];
    }),
    notes: [
      'lost: flows with a loss, and broken connections, of those who were not hit; no answer, no byte: their longest silence',
      'healed: from the end of the trouble until all kernels hold what they should; of moves: the longest until an answer',
    ],
  });
}
