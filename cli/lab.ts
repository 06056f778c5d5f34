import { spawn } from 'node:child_process';
import { isAbsolute, join, relative } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { asWeftError } from '../model/errors.ts';
import { binDirectory } from '../e2e/lab/agent-process.ts';
import { setUpDemo } from '../e2e/lab/demo.ts';
import { completeWish, createLab, demandRoot, openLab, type Lab } from '../e2e/lab/lab.ts';
import type { Member } from '../e2e/lab/members.ts';
import { probeLab, type Probe } from '../e2e/lab/probe.ts';
import { listLabs, removeLab } from '../e2e/lab/remove.ts';
import { ended } from '../e2e/lab/run.ts';
import { labStatus, type LabStatus } from '../e2e/lab/status.ts';
import { demoNextSteps, plainNextSteps, type Example, type Invocation } from './lab/next-steps.ts';
import { pingReport, type PingRow } from './lab/ping-report.ts';
import { colorsFor } from './output/colors.ts';
import { ProgressLines } from './output/progress.ts';

const defaultLab = 'lab';

interface Common {
  readonly name: string;
  readonly output: 'table' | 'json';
}

interface UpOptions extends Common {
  readonly hosts?: number;
  readonly store?: string;
  readonly underlay?: 4 | 6;
  readonly mtu?: number;
  readonly demo?: true;
}

/** Adds `weft lab up|down|status|ping|exec`: hosts made of network namespaces on this machine, a real weftd on each. */
export function registerLab(program: Command): void {
  const lab = program
    .command('lab')
    .description('try Weft on this machine: hosts made of network namespaces, a real weftd on each (root)')
    .enablePositionalOptions();
  named(lab.command('up'))
    .description('start a lab, or mend the one that is there')
    .option('--hosts <n>', 'number of hosts: h1, h2, ... (default 3, or as many as there are)', hostNumber)
    .option(
      '--store <store>',
      '`file` (the default); `etcd`, `consul` (a server in the lab); `etcd3`, `consul3` (three); or the URL of a store',
    )
    .option('--underlay <family>', 'addresses between the hosts: 4 (the default) or 6', family)
    .option('--mtu <bytes>', 'MTU of the hosts (default 1500)', wholeNumber)
    .option('--demo', 'declare two networks, attach sandboxes on every host, and prove that they talk')
    .addHelpText('after', '\nExample:\n  weft lab up --hosts 3 --store etcd --demo')
    .action((options: UpOptions) => up(options));
  named(lab.command('down'))
    .description('remove a lab: processes, namespaces, files; also one that is broken')
    .option('--all', 'every lab of this machine')
    .addHelpText('after', '\nExample:\n  weft lab down --all')
    .action((options: Common & { readonly all?: true }) => down(options));
  named(lab.command('status'))
    .description('hosts and agents of a lab; exit code 1 when one is not ready')
    .addHelpText('after', '\nExample:\n  weft lab status -o json')
    .action((options: Common) => status(options));
  named(lab.command('ping'))
    .description('real ICMP between all sandboxes of a lab; exit code 0 only when every pair is as expected')
    .addHelpText('after', '\nExample:\n  weft lab ping')
    .action((options: Common) => ping(options));
  lab
    .command('exec <host> <command...>')
    .description('run a command on a host of a lab, with `weft` on the PATH talking to its agent')
    .option('--name <name>', 'name of the lab', defaultLab)
    .passThroughOptions()
    .addHelpText('after', '\nExample:\n  weft lab exec h1 weft network ls')
    .action((host: string, command: readonly string[], options: { readonly name: string }) =>
      exec(options.name, host, command),
    );
}

function named(command: Command): Command {
  return command
    .option('--name <name>', 'name of the lab', defaultLab)
    .option('-o, --output <format>', 'table or json', format, 'table');
}

async function up(options: UpOptions): Promise<void> {
  const { output: _, demo, ...told } = options;
  const { name } = told;
  using progress = new ProgressLines(process.stderr);
  const lab = await createLab(completeWish(told), progress.report);
  const invocation: Invocation = { weft: launcher(), lab: name, defaultLab };
  if (demo !== true) {
    if (options.output === 'json') printJson(await labStatus(lab));
    else
      print(
        `Lab ${name} is up: ${lab.hosts.length} hosts, store ${lab.store.url}\n\n${plainNextSteps(invocation)}`,
      );
    return;
  }
  const members = await setUpDemo(lab, progress.report);
  const probe = await watchedProbe(lab, progress);
  if (options.output === 'json') printJson(probeJson(probe));
  else print(`${reportOf(probe)}\n\n${demoNextSteps(invocation, exampleOf(members))}`);
  if (!probe.ok) process.exitCode = 1;
}

/** A sandbox of the first host and the address of one on the last, for the example that people paste. */
function exampleOf(members: readonly Member[]): Example {
  const from = members.find((member) => member.host === 'h1');
  const to = members.findLast((member) => member.networkId === from?.networkId);
  return { from: from?.sandbox ?? '', to: to?.addresses[0] ?? '', last: to?.host ?? 'h1' };
}

async function down(options: Common & { readonly all?: true }): Promise<void> {
  demandRoot();
  const names = options.all === true ? listLabs() : [options.name];
  const removed: string[] = [];
  const failures: unknown[] = [];
  using progress = new ProgressLines(process.stderr);
  for (const name of names) {
    if (!listLabs().includes(name)) continue;
    await removeLab(name, progress.report).then(
      () => removed.push(name),
      (error: unknown) => failures.push(error),
    );
  }
  if (options.output === 'json') printJson({ removed });
  else print(removed.length === 0 ? 'There was no such lab.' : `Removed: ${removed.join(', ')}`);
  if (failures.length > 0) throw asWeftError(failures[0]);
}

async function status(options: Common): Promise<void> {
  const state = await labStatus(openLab(options.name));
  if (options.output === 'json') printJson(state);
  else print(statusText(state));
  if (!state.ok) process.exitCode = 1;
}

function statusText({ name, store, hosts }: LabStatus): string {
  const lines = hosts.map(({ host, address, agent, pid, sandboxes, why }) => {
    const process = pid === undefined ? '' : ` (pid ${pid})`;
    const reason = why === '' ? '' : `  ${why}`;
    return `${host.padEnd(4)} ${address.padEnd(16)} weftd ${agent}${process}  sandboxes: ${sandboxes.join(' ') || 'none'}${reason}`;
  });
  const servers = store.servers.map(({ server, address, pid, log }) => {
    const process = pid === undefined ? `stopped  see ${log}` : `running (pid ${pid})`;
    return `${server.padEnd(6)} ${address.padEnd(16)} ${process}`;
  });
  const [first, ...others] = [
    `Lab ${name}, store ${store.url} (${store.running ? 'running' : 'not running'})`,
    ...(servers.length > 1 ? servers : []),
  ];
  return [first, ...others, ...lines].join('\n');
}

async function ping(options: Common): Promise<void> {
  demandRoot();
  using progress = new ProgressLines(process.stderr);
  const probe = await watchedProbe(openLab(options.name), progress);
  if (options.output === 'json') printJson(probeJson(probe));
  else print(reportOf(probe));
  if (!probe.ok) process.exitCode = 1;
}

async function watchedProbe(lab: Lab, progress: ProgressLines): Promise<Probe> {
  const step = 'ping every pair';
  progress.report({ state: 'start', step });
  const start = performance.now();
  const probe = await probeLab(lab, (done, all) => progress.show(step, `${step}: ${done} of ${all}`));
  const took = performance.now() - start;
  const outcome = `${probe.pairs.length} addresses asked`;
  progress.report({ state: probe.ok ? 'done' : 'failed', step, took, outcome });
  return probe;
}

function probeJson({ ok, pairs, tunnels }: Probe): unknown {
  return { ok, pairs: pairs.map(rowOf), tunnels };
}

const reportOf = (probe: Probe): string =>
  pingReport(probe.pairs.map(rowOf), probe.tunnels, colorsFor(process.stdout, process.env));

function rowOf(pair: Probe['pairs'][number]): PingRow {
  const { from, to, address, expected, reached, ms, why, ok } = pair;
  const label = (member: Member): string => `${member.host}/${member.sandbox}`;
  const time = ms === undefined ? {} : { ms };
  return {
    from: label(from),
    to: label(to),
    network: to.network,
    address,
    expected,
    reached,
    ...time,
    why,
    ok,
  };
}

async function exec(name: string, hostName: string, command: readonly string[]): Promise<void> {
  demandRoot();
  const host = openLab(name).host(hostName);
  const [first = '', ...rest] = command;
  const [program, ...args] = host.argv([first, ...rest]);
  const child = spawn(program, args, { stdio: 'inherit', env: host.environment });
  // The terminal sends its signals to the command as well; what it makes of them decides.
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  process.on('SIGTERM', forward);
  try {
    process.exitCode = await ended(program, child);
  } finally {
    process.off('SIGINT', ignore);
    process.off('SIGTERM', forward);
  }
}

/** The launcher as it can be typed where the caller is. */
function launcher(): string {
  const path = join(binDirectory, 'weft');
  const near = relative(process.cwd(), path);
  return near.startsWith('..') || isAbsolute(near) ? path : near;
}

const print = (text: string): void => console.log(text);
const printJson = (value: unknown): void => console.log(JSON.stringify(value, undefined, 2));

function wholeNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}

function hostNumber(text: string): number {
  const hosts = wholeNumber(text);
  if (hosts >= 1) return hosts;
  throw new InvalidArgumentError('It must be at least 1.');
}

function family(text: string): 4 | 6 {
  if (text === '4' || text === '6') return text === '4' ? 4 : 6;
  throw new InvalidArgumentError('It must be 4 or 6.');
}

function format(text: string): 'table' | 'json' {
  if (text === 'table' || text === 'json') return text;
  throw new InvalidArgumentError('It must be table or json.');
}
