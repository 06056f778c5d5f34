/**
 * `make soak`: keeps a lab busy for a long time, under traffic, and looks for what is lost, what is left and what grows.
 *
 *   node e2e/soak/main.ts [--minutes 30] [--store etcd|file] [--hosts 3] [--seed N]
 *
 * Exit code 1 when a packet was lost, a table was wrong, a key or namespace was left, or something grew.
 */
import { parseArgs } from 'node:util';
import { demandRoot } from '../lab/lab.ts';
import { removeLab } from '../lab/remove.ts';
import { describeMachine } from '../bench/machine.ts';
import { tell } from '../testing/scene.ts';
import { soak, type Verdict } from './soak.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    store: { type: 'string', default: 'etcd' },
    hosts: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
demandRoot();
const lab = `soak${process.pid}`;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(
    signal,
    () => void removeLab(lab).finally(() => process.exit(signal === 'SIGINT' ? 130 : 143)),
  );
}
console.log((await describeMachine(new Date())).join('\n'));
console.log(`soak     ${values.minutes} min, ${values.hosts} hosts on ${values.store}, seed ${values.seed}`);
let verdict: Verdict = { ok: false, text: '' };
await tell({ name: lab, hosts: Number(values.hosts), store: values.store, underlay: 4 }, async (scene) => {
  const wish = { minutes: Number(values.minutes), seed: Number(values.seed) };
  verdict = await soak(scene, wish, (what) => console.error(`soak: ${what}`));
});
console.log(`\n${verdict.text}`);
process.exitCode = verdict.ok ? 0 : 1;
