/**
 * `make soak`: loses the store of a lab in every way, then its agents and nodes, gives out all addresses of a network meanwhile,
 * kills an agent at every call that it makes, then keeps a lab busy for a long time under traffic, and looks for what is lost, what
 * is left and what grows.
 *
 *   node e2e/soak/main.ts [--only busy|outage|recovery|exhaustion|crash] [--minutes 30] [--store etcd|file|consul] [--hosts 3]
 *     [--seed N] [--seconds 30] [--away 600] [--runs 1000] [--bits 6]
 *
 * `--away`: seconds for which an agent is stopped while others come and go.
 * `--store` chooses for the busy lab; the outages, exhaustions and crashes are tried on every store, or with `--only` on the one that
 * is named (crashes: on etcd and a file).
 * `--runs`, `--bits`: how often a network is filled on each store, and how large: two subnets of 2 ** bits addresses each. With
 * `--bits 8` a /24 and a /120, which takes a minute each time.
 * Exit code 1 when a packet was lost, a table was wrong, a key or namespace was left, or something grew.
 */
import { parseArgs } from 'node:util';
import { demandRoot } from '../lab/lab.ts';
import { removeLab } from '../lab/remove.ts';
import { describeMachine } from '../bench/machine.ts';
import { tell } from '../testing/scene.ts';
import { crashes } from './crash.ts';
import { exhaustions } from './exhaustion.ts';
import { outages } from './outage.ts';
import { recoveries } from './recovery.ts';
import { soak, type Verdict } from './soak.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    minutes: { type: 'string', default: '30' },
    store: { type: 'string' },
    hosts: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    seconds: { type: 'string', default: '30' },
    away: { type: 'string', default: '600' },
    runs: { type: 'string', default: '1000' },
    bits: { type: 'string', default: '6' },
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
const say = (what: string): void => console.error(`soak: ${what}`);

function stores(): readonly string[] {
  const named = values.only === undefined ? undefined : values.store;
  return named === undefined ? ['etcd', 'consul', 'file'] : [named];
}

function loseStores(): Promise<Verdict> {
  return outages({ lab, stores: stores(), seconds: Number(values.seconds) }, say);
}

function giveOutAll(): Promise<Verdict> {
  const wish = { runs: Number(values.runs), bits: Number(values.bits), seed: Number(values.seed) };
  return exhaustions({ lab, stores: stores(), ...wish }, say);
}

function crashEverywhere(): Promise<Verdict> {
  const all = stores();
  return crashes({ lab, stores: (['etcd', 'file'] as const).filter((store) => all.includes(store)) }, say);
}

function failAndHeal(): Promise<Verdict> {
  const away = Number(values.away);
  const absences = [
    { how: 'stopped', seconds: away, comers: 200 },
    { how: 'killed', seconds: 60, comers: 50 },
    { how: 'frozen', seconds: away / 5, comers: 50 },
  ] as const;
  return recoveries({ lab, absences, moves: { times: 200, stalls: 0 }, deadNodeGrace: '30s' }, say);
}

async function keepBusy(): Promise<Verdict> {
  const { store = 'etcd' } = values;
  console.log(`soak     ${values.minutes} min, ${values.hosts} hosts on ${store}, seed ${values.seed}`);
  let verdict: Verdict = { ok: false, text: '' };
  await tell({ name: lab, hosts: Number(values.hosts), store, underlay: 4 }, async (scene) => {
    const wish = { minutes: Number(values.minutes), seed: Number(values.seed) };
    verdict = await soak(scene, wish, say);
  });
  return verdict;
}

console.log((await describeMachine(new Date())).join('\n'));
const parts = {
  outage: loseStores,
  recovery: failAndHeal,
  exhaustion: giveOutAll,
  crash: crashEverywhere,
  busy: keepBusy,
};
for (const [name, part] of Object.entries(parts)) {
  if (values.only !== undefined && values.only !== name) continue;
  const { ok, text } = await part();
  console.log(`\n${text}`);
  if (!ok) process.exitCode = 1;
}
