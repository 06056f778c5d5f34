import { Command, CommanderError } from 'commander';
import { toFailureJson } from '../api/failure.ts';
import { asWeftError, errorCodes } from '../model/errors.ts';
import { collect, defaultSocket, outputFormat } from './options.ts';
import type { Cli, CliPorts, Common } from './ports.ts';
import { ownFailure } from './run/own-failure.ts';

type Register = (program: Command, cli: Cli) => void;

interface Entry {
  readonly summary: string;
  /** Loaded for the command that was typed and for no other: most of the time of a `weft` goes into loading. */
  readonly load: () => Promise<Register>;
}

const commands: Readonly<Record<string, Entry>> = {
  network: {
    summary: 'declare, show and remove networks',
    load: async () => (await import('./network.ts')).registerNetwork,
  },
  endpoint: { summary: 'show endpoints', load: async () => (await import('./endpoint.ts')).registerEndpoint },
  node: {
    summary: 'show nodes, and give up or empty one',
    load: async () => (await import('./node.ts')).registerNode,
  },
  attach: {
    summary: 'attach a sandbox to a network',
    load: async () => (await import('./attach.ts')).registerAttach,
  },
  detach: { summary: 'detach an endpoint', load: async () => (await import('./detach.ts')).registerDetach },
  run: {
    summary: 'run a command in a sandbox of its own, attached to a network (root)',
    load: async () => (await import('./run.ts')).registerRun,
  },
  ip: {
    summary: 'who has which address; reserve, check and mend',
    load: async () => (await import('./ip.ts')).registerIp,
  },
  events: {
    summary: 'what this node decided, did and saw',
    load: async () => (await import('./events.ts')).registerEvents,
  },
  status: {
    summary: 'how the agent is doing',
    load: async () => (await import('./status.ts')).registerStatus,
  },
  debug: {
    summary: 'show what the agent knows and wants, and what it would do',
    load: async () => (await import('./debug.ts')).registerDebug,
  },
  store: {
    summary: 'check, save, restore and move the store',
    load: async () => (await import('./store.ts')).registerStore,
  },
  lab: {
    summary: 'try Weft on this machine: hosts made of network namespaces (root)',
    load: async () => (await import('./lab.ts')).registerLab,
  },
};

const closing = `
Exit codes: 0 ok, 1 unhealthy or failed, 2 usage, 3 no daemon, 4 not found, 5 conflict, 6 permission, 7 timeout.
Failures are written to standard error; with -o json as JSON: {"error":{"code","message","retry","details"}}.

Example:
  weft network create blue --subnet 10.7.0.0/24
  weft run --network blue -- ip address`;

/** Runs one command line, without the program's name, and returns its exit code. */
export async function runCli(argv: readonly string[], ports: CliPorts): Promise<number> {
  const typed = readTyped(argv);
  const failure = typed.command === 'run' ? ownFailure : undefined;
  const { cli, exitCode } = invocation(ports, typed.globals.socket);
  const program = newProgram(ports);
  for (const [name, { summary, load }] of Object.entries(commands)) {
    if (name === typed.command) (await load())(program, cli);
    else program.command(name).description(summary);
  }
  let output = typed.globals.output === 'json' ? ('json' as const) : ('table' as const);
  if (typed.globals.output !== undefined) setDefaultOutput(program, output);
  refuseRepeats(program);
  program.hook('preAction', (_, action) => {
    output = action.opts<Partial<Common>>().output ?? output;
  });
  try {
    await program.parseAsync(typed.argv, { from: 'user' });
    return exitCode();
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? 0 : (failure ?? errorCodes.INPUT_INVALID.exit);
    const code = cli.fail({ output }, error);
    return failure ?? code;
  }
}

function newProgram({ version, out, err }: CliPorts): Command {
  const program = new Command('weft')
    .description('one layer-2 network for containers on many hosts')
    .version(version, '-V, --version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => out(text.trimEnd()),
      writeErr: (text) => err(text.trimEnd()),
      outputError: (text, write) => write(text.replace(/^error: /, 'weft: ')),
    })
    .showHelpAfterError('Add --help to see what it takes, with an example.')
    .addHelpText('after', closing);
  globalOptions(program);
  return program;
}

function globalOptions(program: Command, format: (text: string) => string = outputFormat): Command {
  return program
    .option('--socket <path>', `socket of weftd (default: WEFT_SOCKET, or ${defaultSocket})`)
    .option('-o, --output <format>', 'table or json', format);
}

interface Typed {
  readonly argv: readonly string[];
  readonly command: string | undefined;
  readonly globals: { readonly socket?: string; readonly output?: string };
}

/** What stands before the command, and which one it is. `help X` means `X --help`. */
function readTyped(argv: readonly string[]): Typed {
  const scratch = globalOptions(new Command(), (text) => text)
    .passThroughOptions()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  try {
    const { operands } = scratch.parseOptions([...argv]);
    const [command, ...rest] = operands;
    const globals = scratch.opts<Typed['globals']>();
    if (command === 'help' && rest[0] !== undefined)
      return { argv: [...rest, '--help'], command: rest[0], globals };
    return { argv, command, globals };
  } catch {
    // The program itself finds the same fault, and says it.
    return { argv, command: undefined, globals: {} };
  }
}

/** A flag with one value, given twice, is a mistake: which of them was meant? */
function refuseRepeats(command: Command): void {
  for (const child of command.commands) refuseRepeats(child);
  for (const option of command.options) {
    if (option.isBoolean() || option.parseArg === collect) continue;
    let isGiven = false;
    command.on(`option:${option.name()}`, () => {
      if (isGiven) command.error(`error: option '${option.flags}' is given twice, and takes one value`);
      isGiven = true;
    });
  }
}

/** `weft -o json network ls` means `weft network ls -o json`. */
function setDefaultOutput(command: Command, output: Common['output']): void {
  for (const child of command.commands) setDefaultOutput(child, output);
  const has = command.options.some((option) => option.attributeName() === 'output');
  if (has && command.parent !== null) command.setOptionValueWithSource('output', output, 'default');
}

function invocation(
  ports: CliPorts,
  socket: string | undefined,
): { readonly cli: Cli; readonly exitCode: () => number } {
  let code = 0;
  const cli: Cli = {
    ...ports,
    client: (options) =>
      ports.connect(options.socket ?? socket ?? (ports.env['WEFT_SOCKET'] || defaultSocket)),
    show: ({ output }, value, text) =>
      ports.out(output === 'json' ? JSON.stringify(value, undefined, 2) : text()),
    fail: ({ output }, error) => {
      const failure = asWeftError(error);
      if (output === 'json') ports.err(JSON.stringify(toFailureJson(failure)));
      else ports.err(`weft: ${failure.message}`);
      if (failure.retry === 'bug' && failure.cause instanceof Error) ports.err(failure.cause.stack ?? '');
      return errorCodes[failure.code].exit;
    },
    exit: (wish) => (code = wish),
  };
  return { cli, exitCode: () => code };
}
