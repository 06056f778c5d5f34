/** The composition root of the store commands: the only ones that open a store themselves, with or without an agent. */
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { checkStore } from '../kvstore/check.ts';
import { fileCredentials, type CredentialSources } from '../kvstore/file-credentials.ts';
import { openStore } from '../kvstore/open.ts';
import type { Store } from '../kvstore/store.ts';
import { decodeDump, encodeDump } from '../kvstore/transfer/dump-format.ts';
import { isNestedStore, isSameStore } from '../kvstore/transfer/same-store.ts';
import { restore, type Restored } from '../kvstore/transfer/restore.ts';
import type { Item } from '../kvstore/transfer/stages.ts';
import { changedSince, takeAll, type Taken } from '../kvstore/transfer/take.ts';
import { parseStoreUrl } from '../kvstore/url.ts';
import { asWeftError, errorCodes, hasCode, WeftError } from '../model/errors.ts';
import { silentLogger } from '../model/logger.ts';
import { outputFormat } from './options.ts';
import { ProgressLines } from './output/progress.ts';
import type { Cli } from './ports.ts';
import { registerAuthority } from './store/authority.ts';
import { checkText, type CheckJson } from './store/check-text.ts';
import { machineClock } from './store/machine-clock.ts';
import { agentsWarning, nextSteps } from './store/next-steps.ts';
import { writeWhole } from './store/write-whole.ts';
import { credentialsIn, credentialsOf, whichStore } from './store/which-store.ts';

type Output = { readonly output: 'table' | 'json' };
type Which = { readonly store?: string; readonly config?: string };

/** Adds `weft store check|dump|restore|copy|accept|join`. */
export function registerStore(program: Command, cli: Cli): void {
  const group = program
    .command('store')
    .description('look at a store, save it, fill it, move to another one');
  which(format(group.command('check')))
    .description(
      'reach every server, read and write; exit code 1 when something is wrong, 3 when none answers',
    )
    .addHelpText('after', '\nExample:\n  weft store check --store etcd://10.0.0.1:2379')
    .action((options: Output & Which) => check(cli, options));
  which(group.command('dump'))
    .option('-o, --out <file>', 'file to write; without it, standard output', dumpFile)
    .description('save everything at one revision, as JSON lines')
    .addHelpText('after', '\nExample:\n  weft store dump -o weft.jsonl')
    .action((options: Which & { readonly out?: string }) => dump(cli, options));
  format(group.command('restore <file>'))
    .requiredOption('--store <url>', 'store to fill; it has to be empty, or to hold a part of the same dump')
    .description(
      'fill an empty store from a dump (`-`: standard input); interrupted, the same command goes on',
    )
    .addHelpText('after', '\nExample:\n  weft store restore weft.jsonl --store etcd://10.0.0.1:2379')
    .action((file: string, options: Output & { readonly store: string }) => refill(cli, file, options));
  format(group.command('copy <from> <to>'))
    .description('dump and restore in one: from one store to another, empty one')
    .addHelpText(
      'after',
      '\nExample:\n  weft store copy file:///var/lib/weft/store.db etcd://10.0.0.1:2379,10.0.0.2:2379,10.0.0.3:2379',
    )
    .action((from: string, to: string, options: Output) => copy(cli, from, to, options));
  registerAuthority(group, cli);
}

/** Elsewhere `-o json` is a format: nobody who types it here wants a file of that name. */
function dumpFile(text: string): string {
  if (text !== 'json' && text !== 'table') return text;
  throw new InvalidArgumentError(
    `A dump writes JSON lines in any case, and -o names their file; a file of this name is ./${text}.`,
  );
}

const format = (command: Command): Command =>
  command.option('-o, --output <format>', 'table or json', outputFormat, 'table');

const which = (command: Command): Command =>
  command
    .option('--store <url>', "URL of the store (default: WEFT_STORE, or that of the agent's configuration)")
    .option('--config <file>', 'configuration of the agent (default: WEFT_CONFIG, or /etc/weft/weftd.yaml)');

async function check(cli: Cli, options: Output & Which): Promise<void> {
  const { url, origin, settings } = await whichStore(options, { env: cli.env, read: readIfThere });
  let result: CheckJson;
  try {
    await using store = await opened(url, 'there', credentialsIn(cli.env, settings));
    const probe = randomBytes(8).toString('hex');
    const ports = { monotonic: () => machineClock.monotonic(), probe };
    result = { origin, ...(await checkStore(store.store, ports)) };
  } catch (error) {
    if (!hasCode(error, 'STORE_UNAVAILABLE')) throw error;
    cli.fail(options, error);
    cli.exit(errorCodes.DAEMON_UNREACHABLE.exit);
    return;
  }
  cli.show(options, result, () => checkText(result, cli.colors));
  if (!result.reachable) cli.exit(errorCodes.DAEMON_UNREACHABLE.exit);
  else if (result.problems.length > 0) cli.exit(errorCodes.STORE_UNAVAILABLE.exit);
}

async function dump(cli: Cli, options: Which & { readonly out?: string }): Promise<void> {
  const { url, settings } = await whichStore(options, { env: cli.env, read: readIfThere });
  await using source = await opened(url, 'there', credentialsIn(cli.env, settings));
  const taken = await takeAll(source.store, contextOf(url));
  tellForeign(cli, taken);
  const lines = [...encodeDump(taken)];
  if (options.out === undefined || options.out === '-') {
    cli.out(lines.join('').trimEnd());
    return;
  }
  await writeWhole(options.out, lines.join(''));
  const { store, revision } = taken.header;
  cli.err(`${taken.items.length} keys of ${store} at revision ${revision} are in ${options.out}`);
}

async function refill(cli: Cli, file: string, options: Output & { readonly store: string }): Promise<void> {
  parseStoreUrl(options.store);
  const { header, items } = decodeDump(await cli.read(file), file);
  await using target = await opened(options.store, 'may be made', credentialsIn(cli.env));
  const from = `the dump of ${header.store} of ${header.time}`;
  const result = await fill(target.store, items, from, options);
  const into = target.store.description;
  cli.show(options, { ...result, keys: items.length, from: header, into }, () =>
    [done(result, items.length, into), nextSteps(options.store)].join('\n'),
  );
}

async function copy(cli: Cli, from: string, to: string, options: Output): Promise<void> {
  const [source, destination] = [parseStoreUrl(from), parseStoreUrl(to)];
  if (isSameStore(source, destination)) throw sameStore(from, to);
  if (isNestedStore(source, destination)) throw nestedStore(from, to);
  const secrets = credentialsIn(cli.env);
  await using old = await opened(from, 'there', credentialsOf(source.kind, secrets));
  const taken = await takeAll(old.store, contextOf(from));
  tellForeign(cli, taken);
  await using target = await opened(to, 'may be made', credentialsOf(destination.kind, secrets));
  if (await holdsTheVery(target.store, taken)) throw sameStore(from, to);
  const { description: into } = target.store;
  const result = await fill(target.store, taken.items, taken.header.store, options);
  const changed = await changedSince(old.store, taken);
  const { agents, items, header } = taken;
  cli.show(options, { ...result, keys: items.length, from: header, into, agents, changed }, () =>
    [done(result, items.length, into), nextSteps(to)].join('\n'),
  );
  if (agents.length > 0)
    cli.err(cli.errColors.yellow(`weft: warning: ${agentsWarning(header.store, agents)}`));
  if (changed.length === 0) return;
  cli.err(
    `weft: ${changed.length} keys of ${header.store} have changed meanwhile, ${changed[0] ?? ''} for one: ${into} has ` +
      'what was before. Stop the agents, empty the new store, and copy again',
  );
  cli.exit(errorCodes.STORE_UNAVAILABLE.exit);
}

const done = ({ written, present }: Restored, all: number, into: string): string =>
  `${all} keys are in ${into}, each compared: ${written} written now, ${present} were there.`;

const sameStore = (from: string, to: string): WeftError =>
  new WeftError('INPUT_INVALID', `${from} and ${to} are the same store: there is nothing to copy`);

const nestedStore = (from: string, to: string): WeftError =>
  new WeftError(
    'INPUT_INVALID',
    `one of ${from} and ${to} lies inside the other: the copy would be a part of what it was taken from; name a prefix beside it`,
  );

const contextOf = (url: string): { readonly prefix: string; readonly now: string } => ({
  prefix: parseStoreUrl(url).prefix,
  now: new Date(machineClock.wall()).toISOString(),
});

/** The same keys at the same revisions: only one store has them. */
async function holdsTheVery(store: Store, { entries, header }: Taken): Promise<boolean> {
  if ((await store.identity()) !== header.identity) return false;
  const [first] = entries;
  const found = first === undefined ? undefined : await store.get(first.key);
  return found !== undefined && found.revision === first?.revision && found.created === first.created;
}

async function fill(
  store: Store,
  items: readonly Item[],
  from: string,
  { output }: Output,
): Promise<Restored> {
  const screen = output === 'json' ? { write: () => undefined } : process.stderr;
  using lines = new ProgressLines(screen);
  const step = `fill ${store.description}`;
  const begin = machineClock.monotonic();
  lines.report({ state: 'start', step });
  const progress = (written: number, all: number): void => {
    lines.show(step, `${step}: ${written} of ${all} keys`);
  };
  try {
    const result = await restore(store, items, { from, progress });
    const took = machineClock.monotonic() - begin;
    lines.report({ state: 'done', step, took, outcome: `${items.length} keys` });
    return result;
  } catch (error) {
    lines.report({ state: 'failed', step, outcome: asWeftError(error).code });
    throw error;
  }
}

function tellForeign(cli: Cli, { foreign, header }: Taken): void {
  for (const key of foreign) {
    const why = 'no store of Weft takes such a key, or an empty value';
    cli.err(
      cli.errColors.yellow(`weft: warning: ${header.store}: ${JSON.stringify(key)} stays behind: ${why}`),
    );
  }
}

interface Opened extends AsyncDisposable {
  readonly store: Store;
}

/** @param file A missing file of a `file:` store is an error, or is made. The credentials are meant for an etcd. */
async function opened(
  url: string,
  file: 'there' | 'may be made',
  secrets: CredentialSources,
): Promise<Opened> {
  const address = parseStoreUrl(url);
  if (file === 'there' && address.kind === 'file') demandFile(address.path);
  const credentials = fileCredentials(address.kind === 'file' ? {} : secrets, silentLogger);
  const ports = { clock: machineClock, logger: silentLogger, fraction: Math.random, credentials };
  const store = await openStore(url, ports);
  return { store, [Symbol.asyncDispose]: () => store.close() };
}

/** Opening a store that is only to be read must not make one. */
function demandFile(path: string): void {
  try {
    statSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return;
    const why = 'weftd makes it at its first start';
    throw new WeftError('STORE_UNAVAILABLE', `there is no store ${path}: ${why}`, { cause: error });
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    const denied = code === 'EACCES';
    throw new WeftError(denied ? 'PERMISSION_DENIED' : 'INPUT_INVALID', `cannot read ${path}: ${message}`, {
      cause: error,
    });
  }
}
