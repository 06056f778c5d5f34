import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { startMetricsServer } from '../api/metrics-server.ts';
import { startServer } from '../api/server.ts';
import { fileCredentials, type CredentialSources } from '../kvstore/file-credentials.ts';
import { openStore } from '../kvstore/open.ts';
import { parseStoreUrl } from '../kvstore/url.ts';
import { trimMemory } from '../linux/libc.ts';
import { openLinuxKernel } from '../linux/netlink/kernel.ts';
import { openProbe } from '../linux/probe.ts';
import { parseSocketAddress } from '../model/socket-address.ts';
import { asWeftError, errorCodes, WeftError } from '../model/errors.ts';
import packageJson from '../package.json' with { type: 'json' };
import { Agent } from './agent.ts';
import { checkCapabilities } from './capabilities.ts';
import { systemClock } from './clock.ts';
import { nameServersOf } from './cluster/name-servers.ts';
import { helpText, parseCommandLine, type CommandLine } from './config/command-line.ts';
import { resolveConfig, type Resolved } from './config/load.ts';
import type { Config } from './config/settings.ts';
import { printConfig, showConfig } from './config/show.ts';
import { dryRun, printDryRun } from './dry-run/dry-run.ts';
import { createLogger } from './logger.ts';
import { meteredStore } from './metrics/metered-store.ts';
import { Registry } from './metrics/registry.ts';
import { Service } from './service.ts';
import { tidyMemory } from './tidy-memory.ts';
import { PortHold } from './state/port-hold.ts';
import { lockDirectory } from './state/process-lock.ts';

const { version } = packageJson;
const defaultConfig = '/etc/weft/weftd.yaml';

/** After a signal, milliseconds until the process ends whatever still hangs. */
const stopPatience = 10_000;

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function readConfig({ flags, configPath }: CommandLine): Resolved {
  const path = configPath ?? defaultConfig;
  let text: string | undefined;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (configPath !== undefined || code !== 'ENOENT') {
      throw new WeftError('INPUT_INVALID', `cannot read the configuration ${path}: ${message}`, {
        cause: error,
      });
    }
  }
  const file = text === undefined ? {} : { file: { path, text } };
  return resolveConfig({ flags, env: process.env, hostname: hostname(), ...file });
}

/** Starts everything in order, runs until a signal or an error that trying again cannot mend, and stops it in reverse. */
async function run(settings: Resolved): Promise<void> {
  checkCapabilities();
  const { config } = settings;
  const logger = createLogger(config.logLevel);
  const fraction = Math.random;
  const stopped = signalled();
  await using stack = new AsyncDisposableStack();
  const lock = lockDirectory(config.stateDir, config.name);
  stack.defer(() => {
    lock.release();
  });
  const credentials = fileCredentials(credentialSources(config), logger);
  const store = await openStore(config.store, { clock: systemClock, logger, fraction, credentials });
  stack.defer(() => store.close());
  const metrics = new Registry();
  const removed = (path: string): void => {
    logger.info('a file was removed that an earlier life has left and that pins no namespace', { path });
  };
  const kernel = await openLinuxKernel({ netnsDir: config.netnsDir, removed });
  stack.defer(() => kernel.close());
  const random = (bytes: number): string => randomBytes(bytes).toString('hex');
  const portHold = new PortHold(config.name);
  const agent = new Agent({
    settings,
    store: meteredStore(store, { metrics, clock: systemClock }),
    kernel,
    probe: openProbe(systemClock),
    clock: systemClock,
    logger,
    version,
    random,
    fraction,
    holdPort: (port) => portHold.take(port),
    nameServers: nameServersOf(readText),
    metrics,
  });
  stack.defer(() => agent.stop());
  const socketPath = join(config.runtimeDir, 'weftd.sock');
  const service = new Service(agent);
  const server = await startServer({ service, socketPath, logger, metrics });
  stack.defer(() => server.close());
  if (config.metrics !== '') {
    const address = parseSocketAddress(config.metrics);
    const scraped = await startMetricsServer({ service, address, logger, metrics });
    stack.defer(() => scraped.close());
  }
  // Who waits for news would hold up the end of the server.
  stack.defer(() => {
    agent.events.close();
  });
  logger.info('weftd starts', { version, node: config.name, store: store.description, socket: socketPath });
  stack.use(tidying());
  const running = agent.run();
  running.catch(() => undefined);
  const signal = await Promise.race([stopped, running]);
  agent.events.tell('agent-stopping', 'weftd stops; what it has made stays', { signal });
}

const credentialSources = (config: Config): CredentialSources => ({
  caFile: config.storeCaFile,
  certFile: config.storeCertFile,
  keyFile: config.storeKeyFile,
  user: config.storeUser,
  passwordFile: config.storePasswordFile,
  password: config.storePassword,
  tokenFile: config.storeTokenFile,
  token: config.storeToken,
});

/** Needs Node's `--expose-gc`, which bin/weftd gives. */
function tidying(): Disposable {
  const { gc } = globalThis;
  if (gc === undefined) return { [Symbol.dispose]: () => undefined };
  let since = performance.eventLoopUtilization();
  const effort = (): number => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, since);
    since = now;
    return utilization;
  };
  // `last-resort`: V8 empties its pool of pages as well.
  const collect = (): void => {
    gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    // Compilers of V8 leave as much behind in malloc's heap.
    trimMemory();
  };
  return tidyMemory({ clock: systemClock, rss: () => process.memoryUsage.rss(), effort, collect });
}

/** Resolves with the first signal that asks for an end. */
function signalled(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        setTimeout(() => {
          process.stderr.write('weftd: did not come to an end in time\n');
          process.exit(errorCodes.TIMEOUT.exit);
        }, stopPatience).unref();
        resolve(signal);
      });
    }
  });
}

/** Prints what would be done; the exit code says whether there is anything. */
async function showDryRun(settings: Resolved, output: CommandLine['output']): Promise<void> {
  checkCapabilities();
  const { config } = settings;
  const logger = createLogger('error');
  const address = parseStoreUrl(config.store);
  if (address.kind === 'file' && !existsSync(address.path)) {
    const what = `there is no store ${address.path} yet: weftd would make it, and found a cluster in it`;
    throw new WeftError('STORE_UNAVAILABLE', what, { details: { store: config.store } });
  }
  await using stack = new AsyncDisposableStack();
  const credentials = fileCredentials(credentialSources(config), logger);
  const ports = { clock: systemClock, logger, fraction: Math.random, credentials };
  const store = await openStore(config.store, ports);
  stack.defer(() => store.close());
  const kernel = await openLinuxKernel({ netnsDir: config.netnsDir });
  stack.defer(() => kernel.close());
  const random = (bytes: number): string => randomBytes(bytes).toString('hex');
  const nameServers = nameServersOf(readText);
  // The timers of our clock do not keep a process alive, and nothing else does while it waits.
  const hold = setInterval(() => undefined, 60_000);
  stack.defer(() => {
    clearInterval(hold);
  });
  const report = await dryRun({ ...ports, settings, store, kernel, version, random, nameServers });
  process.stdout.write(output === 'json' ? `${JSON.stringify(report, undefined, 2)}\n` : printDryRun(report));
  if (report.todo) process.exitCode = 1;
}

async function main(args: readonly string[]): Promise<void> {
  const line = parseCommandLine(args, process.env);
  switch (line.action) {
    case 'help':
      process.stdout.write(helpText());
      return;
    case 'version':
      process.stdout.write(`weftd ${version}\n`);
      return;
    case 'config': {
      const settings = readConfig(line);
      process.stdout.write(
        line.output === 'json'
          ? `${JSON.stringify(showConfig(settings), undefined, 2)}\n`
          : printConfig(settings),
      );
      return;
    }
    case 'dry-run':
      return showDryRun(readConfig(line), line.output);
    case 'run':
      return run(readConfig(line));
  }
}

/** One line for a mistake of the caller or trouble around us; the whole story for a bug of ours. */
function report(error: unknown): void {
  const known = asWeftError(error);
  process.stderr.write(`weftd: ${known.message}\n`);
  if (known.retry !== 'bug') return;
  const root = known.cause instanceof Error ? known.cause : known;
  process.stderr.write(`${root.stack ?? root.message}\n`);
}

try {
  process.exitCode = 0;
  await main(process.argv.slice(2));
} catch (error) {
  report(error);
  process.exitCode = errorCodes[asWeftError(error).code].exit;
}
// Nothing may hold the process any more: a handle that a library left open is no reason to stay.
process.exit();
