import { setTimeout as pause } from 'node:timers/promises';
import type { StatusJson } from '../../api/schemas/status.ts';
import { WeftError, type ErrorCode } from '../../model/errors.ts';
import type { Tables } from '../expected-tables.ts';
import { attach, call } from '../lab/call.ts';
import { startFlow } from '../lab/flow.ts';
import type { Host } from '../lab/host.ts';
import { memberOf, type Member } from '../lab/members.ts';
import { readCount, startCount, type RequestCount } from '../lab/request-count.ts';
import { faultNames, type StoreFault } from '../lab/store-faults.ts';
import { mapBounded, waitFor } from '../lab/wait.ts';
import { judged } from './judged.ts';
import type { Scene } from './scene.ts';
import { Traffic } from './traffic.ts';

export interface OutageWish {
  /** Seconds for which the store is away. */
  readonly seconds: number;
  /** TCP port of the store's server, to count what is sent to it; undefined where there is none. */
  readonly port: number | undefined;
}

/** What one agent has sent to the store while it was away. */
export interface HostRequests extends RequestCount {
  readonly host: string;
  /** Attempts and sends per second. */
  readonly rate: number;
}

/** What somebody was answered who tried to attach while the store was away. */
export interface Refused {
  /** Undefined: he was not refused. */
  readonly code: ErrorCode | undefined;
  readonly message: string;
  /** Milliseconds until the answer. */
  readonly took: number;
}

/** By host and network. */
type AllTables = Readonly<Record<string, Tables>>;

/** What came of one outage. */
export interface Outage {
  readonly fault: string;
  /** Seconds that it lasted. */
  readonly lasted: number;
  readonly sent: number;
  /** `h1/c1 -> fd00:7::3: 12, 13`: echo requests without an answer, and connections that were broken. */
  readonly lost: readonly string[];
  /** The longest time for which any connection was silent, in milliseconds. */
  readonly pause: number;
  readonly requests: readonly HostRequests[];
  /** An attach at once, before the loss could be noticed, and one when it was. */
  readonly unnoticed: Refused;
  readonly known: Refused;
  /** What `weft status` of each host complained of; empty: of nothing. */
  readonly complaints: readonly string[];
  /** Seconds until every agent said that the store is away. */
  readonly noticed: number;
  /** Milliseconds from the store's return to the first new attach, and until another host reached it. */
  readonly firstAttach: number;
  readonly firstReached: number;
  /** Milliseconds until every agent was ready again. */
  readonly allReady: number;
  /** Tables of all kernels before, at the end of the outage, and after the return. */
  readonly tables: { readonly before: AllTables; readonly away: AllTables; readonly back: AllTables };
}

/** How often a user whose attach was refused tries again, in milliseconds. */
const again = 20;
/** For the answer to an attach while the store is away, in milliseconds. */
const attachTimeout = 4000;

/** The scene has a network `blue` with a sandbox `c1` of each host in it. Runs one outage under traffic on every pair. */
export async function runOutage(scene: Scene, fault: StoreFault, wish: OutageWish): Promise<Outage> {
  await using traffic = await Traffic.start(scene.members);
  try {
    return await underTraffic(scene, fault, wish, traffic);
  } finally {
    await fault.end();
  }
}

async function underTraffic(
  scene: Scene,
  fault: StoreFault,
  { seconds, port }: OutageWish,
  traffic: Traffic,
): Promise<Outage> {
  const { hosts } = scene;
  const tables = async (): Promise<AllTables> => (await scene.tables()).actual;
  const before = await tables();
  if (port !== undefined) for (const host of hosts) await startCount(host.path, port);
  await fault.begin();
  const begun = performance.now();
  const since = (): number => performance.now() - begun;
  const h3 = scene.host('h3');
  const [unnoticed, complaints] = await Promise.all([
    tryAttach(h3),
    mapBounded(hosts, hosts.length, (host) => noticed(host, seconds)),
  ]);
  const noticedAfter = since() / 1000;
  const known = await tryAttach(h3);
  await pause(Math.max(0, seconds * 1000 - since()));
  const requests = port === undefined ? [] : await requestsOf(hosts, since);
  const away = await tables();
  const lasted = since() / 1000;
  await fault.end();
  const back = performance.now();
  const fresh = await firstAttach(scene.host('h1'), `new-${fault.name}`);
  const attached = performance.now() - back;
  await reached(scene.member('h2', 'c1'), fresh);
  const firstReached = performance.now() - back;
  await mapBounded(hosts, hosts.length, (host) => host.agent.waitReady());
  const allReady = performance.now() - back;
  await othersGoOn(scene, fault);
  const { sent, lost, pause: longest } = judged(await traffic.stop());
  return {
    fault: fault.name,
    lasted,
    sent,
    lost,
    pause: longest,
    requests,
    unnoticed,
    known,
    complaints,
    noticed: noticedAfter,
    firstAttach: attached,
    firstReached,
    allReady,
    tables: { before, away, back: await tables() },
  };
}

/** What a user gets who attaches now. */
async function tryAttach(host: Host): Promise<Refused> {
  const { namespace } = await host.sandbox('meanwhile').ensure();
  const begun = performance.now();
  const outcome = await attach(host, { network: 'blue', sandbox: namespace, timeout: attachTimeout }).then(
    () => ({ code: undefined, message: 'attached' }),
    (error: unknown) => {
      if (!(error instanceof WeftError)) throw error;
      return { code: error.code, message: error.message };
    },
  );
  return { ...outcome, took: performance.now() - begun };
}

/** Waits until `weft status` says that the store is away, and returns what it complains of; empty when it does not. */
async function noticed(host: Host, seconds: number): Promise<string> {
  const look = async (): Promise<string | undefined> => {
    const { store } = await call<StatusJson>(host, 'GET', '/v1/status');
    if (store.state !== 'stale') return undefined;
    const { stdout } = await host.weft('status');
    return stdout
      .split('\n')
      .filter((line) => line.startsWith('! '))
      .join('\n');
  };
  const within = seconds * 800;
  return waitFor('the agent to notice', look, { within, every: 100 }).catch(() => '');
}

function requestsOf(hosts: readonly Host[], since: () => number): Promise<readonly HostRequests[]> {
  return mapBounded(hosts, hosts.length, async (host) => {
    const count = await readCount(host.path);
    const rate = (count.attempts + count.sends) / (since() / 1000);
    return { host: host.name, ...count, rate };
  });
}

/** A user who tries until it works. */
async function firstAttach(host: Host, sandbox: string): Promise<Member> {
  const { namespace } = await host.sandbox(sandbox).ensure();
  const wish = { network: 'blue', sandbox: namespace, timeout: attachTimeout } as const;
  const endpoint = await waitFor('the first new attach', () => attach(host, wish), {
    within: 30_000,
    every: again,
  });
  return memberOf(host, endpoint);
}

async function reached(from: Member, to: Member): Promise<void> {
  for (const address of to.addresses) {
    const flow = await startFlow(from.path, address, { firstWithin: 5000 });
    await flow[Symbol.asyncDispose]();
  }
}

/** What others do is seen everywhere again: a declaration, attaches to it, and detaches. */
async function othersGoOn(scene: Scene, fault: StoreFault): Promise<void> {
  const network = `after-${fault.name}`;
  const [h1, h2, h3] = scene.hosts;
  if (h1 === undefined || h2 === undefined || h3 === undefined) throw new Error('the scene has three hosts');
  await scene.join(h1.name, `new-${fault.name}`, 'blue');
  await scene.join(h3.name, 'meanwhile', 'blue');
  const number = faultNames.indexOf(fault.name);
  await scene.declare(network, { subnets: [`10.9.${number}.0/24`, `fd00:9:${number}::/64`] }, [h2, h1, h3]);
  for (const { name } of [h1, h3]) await scene.join(name, network, network);
  await scene.settled();
  await scene.leave(h1.name, `new-${fault.name}`, 'blue');
  await scene.leave(h3.name, 'meanwhile', 'blue');
  for (const { name } of [h1, h3]) await scene.leave(name, network, network);
  const { expected, actual } = await scene.tablesAgree();
  if (JSON.stringify(expected) !== JSON.stringify(actual)) {
    const text = `tables differ after ${fault.name}`;
    throw new WeftError('INVARIANT', `${text}: ${JSON.stringify({ expected, actual })}`);
  }
}

/** A network `blue` with a sandbox of each host in it. */
export async function prepareOutages(scene: Scene): Promise<void> {
  await scene.declare('blue', { subnets: ['10.7.0.0/24', 'fd00:7::/64'] });
  for (const host of scene.hosts) await scene.join(host.name, 'c1', 'blue');
  await scene.settled();
}

/** What may not be, in words; the figures are looked at by whoever prints them. */
export function complaintsOf(outage: Outage): readonly string[] {
  const { lost, sent, lasted, complaints, unnoticed, known, requests, tables } = outage;
  const { before, away, back } = tables;
  const most = Math.max(0, ...requests.map(({ rate }) => rate));
  const silent = complaints.find(
    (text) => !text.includes('no contact with') || !text.includes('network blue'),
  );
  const wrong: readonly (readonly [boolean, string])[] = [
    [lost.length > 0, `lost: ${lost.join('; ')}`],
    [sent < leastPings(lasted), `only ${sent} pings in ${lasted} s`],
    [silent !== undefined, `weft status does not name the store and the network: "${silent}"`],
    [!isClear(unnoticed, attachTimeout + 3000), `attach at once: ${JSON.stringify(unnoticed)}`],
    [known.code !== 'STORE_UNAVAILABLE' || !isClear(known, 3000), `attach later: ${JSON.stringify(known)}`],
    [most > 5, `${most} requests a second of one agent`],
    [differ(before, away), `kernel entries changed while the store was away: ${JSON.stringify(tables)}`],
    [differ(before, back), `kernel entries are not what they were: ${JSON.stringify(tables)}`],
  ];
  return wrong.flatMap(([isWrong, text]) => (isWrong ? [text] : []));
}

/** Refused in time, and because of the store. */
const isClear = ({ code, message, took }: Refused, within: number): boolean =>
  code !== undefined && /no answer from|is gone|database is locked/.test(message) && took < within;

/** Does any network of before look otherwise now? */
const differ = (before: AllTables, now: AllTables): boolean =>
  Object.entries(before).some(([name, was]) => JSON.stringify(was) !== JSON.stringify(now[name]));

/** Of twelve flows, half of what they would send on a machine of their own. */
const leastPings = (seconds: number): number => 12 * 50 * seconds;
