import { mapBounded } from '../../lab/wait.ts';
import { judged, type Among, type Judged } from '../judged.ts';
import type { Scene } from '../scene.ts';
import { strays, takeStock } from '../stock.ts';
import { Traffic } from '../traffic.ts';

/** What came of something that went wrong in a lab, and of the healing. */
export interface Recovery extends Judged {
  readonly story: string;
  /** Seconds from the end of the trouble until every kernel held what it should. */
  readonly converged: number;
  /** What may not be, in words. */
  readonly complaints: readonly string[];
}

/** What a story says of itself. */
export interface Told {
  /** Seconds until every kernel held what it should. */
  readonly converged: number;
  readonly complaints?: readonly string[];
}

/** For what comes after leases and graces that may be those of a real cluster, in milliseconds. */
export const patience = 120_000;

/** The hosts of `blue`, with a sandbox each that stays. */
export const stay = 'c1';

export async function prepareRecovery(scene: Scene): Promise<void> {
  await scene.declare('blue', { subnets: [{ cidr: '10.7.0.0/24', range: '10.7.0.128/25' }, 'fd00:7::/64'] });
  for (const host of scene.hosts) await scene.join(host.name, stay, 'blue');
  await scene.settled();
}

/**
 * Runs one story under traffic between the sandboxes that stay, and looks afterwards whether everything is as it was: tables and
 * links of all kernels, keys, namespaces, processes. Of the pairs that are `touched` packets may be lost.
 */
export async function underTraffic(
  scene: Scene,
  story: string,
  touched: Among,
  tell: (traffic: Traffic) => Promise<Told>,
): Promise<Recovery> {
  const before = await takeStock(scene);
  await using traffic = await Traffic.start(
    scene.members.filter(({ sandbox }) => sandbox === stay),
    'once',
  );
  const begun = performance.now();
  const { converged, complaints = [] } = await tell(traffic);
  const took = (performance.now() - begun) / 1000;
  await traffic.goesOn(50, { within: 15_000 + took * 1000 });
  const figures = judged(await traffic.stop(), touched);
  const { expected, actual } = await scene.tablesAgree();
  const differ = JSON.stringify(expected) === JSON.stringify(actual) ? [] : [{ expected, actual }];
  return {
    ...figures,
    story,
    converged,
    complaints: [
      ...complaints,
      ...figures.lost.map((line) => `lost: ${line}`),
      ...differ.map((tables) => `tables differ: ${JSON.stringify(tables)}`),
      ...(await strays(scene, before)),
      ...(await scene.wrongPings()),
    ].map((line) => `${story}: ${line}`),
  };
}

export const nobody: Among = () => false;
/** Every pair with one of these hosts. */
export const pairsOf =
  (...names: readonly string[]): Among =>
  (from, to) =>
    names.includes(from) || names.includes(to);
export const except =
  (among: Among): Among =>
  (from, to) =>
    !among(from, to);

/**
 * Seconds since `begun` (of performance.now) once all agents are ready and every kernel holds what the books ask for; hosts that
 * are `gone` aside. @throws when that does not come.
 */
export async function convergence(
  scene: Scene,
  begun: number,
  gone: readonly string[] = [],
): Promise<number> {
  const hosts = scene.hosts.filter(({ name }) => !gone.includes(name));
  await mapBounded(hosts, hosts.length, (host) => host.agent.waitReady(60_000));
  await scene.settled(60_000, gone);
  const { expected, actual } = await scene.tablesAgree(30_000, gone);
  const took = (performance.now() - begun) / 1000;
  if (JSON.stringify(expected) === JSON.stringify(actual)) return took;
  throw new Error(`the tables do not agree: ${JSON.stringify({ expected, actual })}`);
}

/** Detached where it is, its namespace removed. */
export async function goes(scene: Scene, sandbox: string): Promise<void> {
  const found = scene.members.find((member) => member.sandbox === sandbox);
  if (found === undefined) throw new Error(`nobody is attached as ${sandbox}`);
  await scene.leave(found.host, sandbox, found.network);
  await scene.host(found.host).sandbox(sandbox).remove();
}
