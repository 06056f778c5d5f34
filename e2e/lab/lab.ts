import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Family } from '../../model/ip.ts';
import { asWeftError, WeftError } from '../../model/errors.ts';
import { Host, type Settings } from './host.ts';
import { checkLabName, hostLimit, labDirectory } from './names.ts';
import { removeLab } from './remove.ts';
import { doStep, silent, type Report } from './report.ts';
import { LabStore, type StoreChoice } from './store.ts';
import { serversOf } from './store-server.ts';
import { ensureUnderlay } from './underlay.ts';
import { mapBounded } from './wait.ts';

/** The lab that somebody wants. */
export interface LabWish {
  readonly name: string;
  readonly hosts: number;
  readonly store: StoreChoice;
  readonly underlay: Family;
  /** Bytes of an IP packet on eth1, for all hosts or for each in turn; default 1500. */
  readonly mtu?: number | readonly number[];
  /** For each weftd; default: weftd's own. */
  readonly leaseTtl?: string;
  /** Further settings of every weftd.yaml. */
  readonly settings?: Settings;
  /** Start no weftd: the test does it. */
  readonly agents?: 'start' | 'leave';
}

/** A lab that is there: hosts, store and agents. Disposing of it removes it. */
export class Lab implements AsyncDisposable {
  readonly wish: LabWish;
  readonly store: LabStore;
  readonly hosts: readonly Host[];

  constructor(wish: LabWish) {
    this.wish = wish;
    this.store = new LabStore(wish.name, wish.store, wish.underlay);
    this.hosts = Array.from({ length: wish.hosts }, (_, i) => new Host(wish.name, i + 1, wish.underlay));
  }

  get name(): string {
    return this.wish.name;
  }

  get directory(): string {
    return labDirectory(this.name);
  }

  /** @throws INPUT_INVALID when the lab has no such host. */
  host(name: string): Host {
    const found = this.hosts.find((host) => host.name === name);
    if (found !== undefined) return found;
    const known = this.hosts.map((host) => host.name).join(', ');
    throw new WeftError(
      'INPUT_INVALID',
      `lab ${this.name} has no host ${JSON.stringify(name)}; it has ${known}`,
    );
  }

  mtuOf(host: Host): number {
    const { mtu = 1500 } = this.wish;
    return typeof mtu === 'number' ? mtu : (mtu[host.number - 1] ?? 1500);
  }

  async remove(report?: Report): Promise<void> {
    await removeLab(this.name, report);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.remove();
  }
}

/**
 * Makes a lab, or mends the one of this name: what is there and right stays as it is, more hosts are added.
 * When it returns, every agent is ready. When it fails, what was made stays for a look; `removeLab` removes it.
 *
 * @throws PERMISSION_DENIED without root, CLUSTER_MISMATCH when a lab of this name has another store or underlay,
 *   NOT_READY or TIMEOUT with host, step and the end of the log when something does not start.
 */
export async function createLab(wish: LabWish, report: Report = silent): Promise<Lab> {
  demandRoot();
  const lab = new Lab(merge(checkWish(wish)));
  mkdirSync(lab.directory, { recursive: true });
  saveWish(lab);
  const largest = Math.max(1500, ...lab.hosts.map((host) => lab.mtuOf(host)));
  await doStep(report, { step: 'underlay' }, async () => {
    await ensureUnderlay(lab.name, largest);
    return undefined;
  });
  await doStep(report, { step: 'store' }, () => lab.store.start());
  // One after the other: `ip netns add` for the first time makes /run/netns a mount, and two at once would make two.
  for (const host of lab.hosts) {
    await doStep(report, { step: 'network namespace', host: host.name }, async () => {
      const there = await host.ensure(lab.mtuOf(host));
      if (!host.agent.running) host.writeConfig(lab.store.url, settingsOf(lab.wish));
      return there ? 'already there' : `${host.address} on eth1`;
    });
  }
  if (lab.wish.agents !== 'leave') await startAgents(lab, report);
  return lab;
}

/** Starts the agents that do not run, all at once, and waits until each is ready. */
export async function startAgents(lab: Lab, report: Report = silent): Promise<void> {
  const outcomes = await mapBounded(lab.hosts, lab.hosts.length, (host) =>
    doStep(report, { step: 'weftd', host: host.name }, async () => {
      const started = await host.agent.start();
      await host.agent.waitReady();
      return started ? `ready (pid ${host.agent.pid ?? 0})` : 'already running';
    }).then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
  const failures = outcomes.filter((outcome) => outcome !== undefined);
  if (failures.length > 0) throw asWeftError(failures[0]);
}

/** The lab of this name, as it was last wished for. @throws INPUT_INVALID when there is none. */
export function openLab(name: string): Lab {
  const wish = savedWish(checkLabName(name));
  if (wish !== undefined) return new Lab(wish);
  throw new WeftError(
    'INPUT_INVALID',
    `there is no lab ${JSON.stringify(name)}; make it with: weft lab up --name ${name}`,
    {
      details: { name },
    },
  );
}

/** A whole wish from what somebody said: the rest is as in the lab that is there, else three hosts on a file over IPv4. */
export function completeWish(told: Partial<LabWish> & Pick<LabWish, 'name'>): LabWish {
  const { hosts = 3, store = 'file', underlay = 4 } = savedWish(checkLabName(told.name)) ?? {};
  return { hosts, store, underlay, ...told };
}

/** @throws PERMISSION_DENIED */
export function demandRoot(): void {
  if (process.geteuid?.() === 0) return;
  throw new WeftError(
    'PERMISSION_DENIED',
    'a lab is made of network namespaces, and only root can make them; run this as root, for instance with sudo',
  );
}

function checkWish(wish: LabWish): LabWish {
  checkLabName(wish.name);
  if (!Number.isInteger(wish.hosts) || wish.hosts < 1 || wish.hosts > hostLimit) {
    throw new WeftError('INPUT_INVALID', `a lab has 1 to ${hostLimit} hosts, not ${wish.hosts}`);
  }
  if (wish.store !== 'file' && serversOf(wish.store) === undefined && !/^[a-z]+:\/\//.test(wish.store)) {
    throw new WeftError(
      'INPUT_INVALID',
      `a lab's store is file, etcd, consul, etcd3, consul3 or a URL, not ${JSON.stringify(wish.store)}`,
    );
  }
  return wish;
}

/** What is wished for now, on top of the lab that is there. */
function merge(wish: LabWish): LabWish {
  const old = savedWish(wish.name);
  if (old === undefined) return wish;
  for (const what of ['store', 'underlay'] as const) {
    if (old[what] === wish[what]) continue;
    throw new WeftError(
      'CLUSTER_MISMATCH',
      `lab ${wish.name} is there with ${what} ${old[what]} and cannot change to ${wish[what]}; ` +
        `remove it first: weft lab down --name ${wish.name}`,
      { details: { what, present: old[what], wanted: wish[what] } },
    );
  }
  return { ...old, ...wish, hosts: Math.max(old.hosts, wish.hosts) };
}

function settingsOf(wish: LabWish): Settings {
  return { ...(wish.leaseTtl === undefined ? {} : { leaseTtl: wish.leaseTtl }), ...wish.settings };
}

const wishFile = (name: string): string => join(labDirectory(name), 'lab.json');

function saveWish(lab: Lab): void {
  const file = wishFile(lab.name);
  writeFileSync(`${file}.new`, `${JSON.stringify(lab.wish, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}

function savedWish(name: string): LabWish | undefined {
  const file = wishFile(name);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as LabWish) : undefined;
}
