import { WeftError } from '../../model/errors.ts';
import { settings } from './settings.ts';

/** What `weftd` was asked to do. */
export interface CommandLine {
  readonly action: 'run' | 'dry-run' | 'config' | 'help' | 'version';
  /** Of `config` and `--dry-run`: `-o json`. */
  readonly output: 'text' | 'json';
  readonly configPath?: string;
  readonly flags: ReadonlyMap<string, string | true>;
}

/** @throws INPUT_INVALID for an unknown flag or argument, or a flag without its value. */
export function parseCommandLine(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): CommandLine {
  const flags = new Map<string, string | true>();
  let action: CommandLine['action'] = 'run';
  let configPath = env['WEFT_CONFIG'] || undefined;
  let output: CommandLine['output'] = 'text';
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--help' || arg === '-h') action = 'help';
    else if (arg === '--version') action = 'version';
    else if (arg === '--dry-run') action = 'dry-run';
    else if (arg === 'config') action = 'config';
    else if (arg === '-o' || arg === '--output') output = readOutput(rest.shift());
    else {
      const [flag, inline] = splitFlag(arg);
      const s = settings.find((each) => each.flag === flag);
      if (flag !== '--config' && s === undefined)
        throw usage(`${JSON.stringify(arg)} is not known; see weftd --help`);
      const value = s?.key === 'init' ? (inline ?? true) : (inline ?? rest.shift());
      if (value === undefined) throw usage(`${flag} needs a value; see weftd --help`);
      if (flag === '--config') configPath = String(value);
      else flags.set(flag, value);
    }
  }
  return { action, output, flags, ...(configPath === undefined ? {} : { configPath }) };
}

function readOutput(value: string | undefined): CommandLine['output'] {
  if (value === 'text' || value === 'json') return value;
  throw usage(`-o must be text or json; see weftd --help`);
}

function splitFlag(arg: string): readonly [string, string?] {
  const equals = arg.indexOf('=');
  return equals < 0 ? [arg] : [arg.slice(0, equals), arg.slice(equals + 1)];
}

const usage = (message: string): WeftError => new WeftError('INPUT_INVALID', message);

/** The text of `weftd --help`. */
export function helpText(): string {
  const flags = settings.flatMap((s) =>
    s.flag === undefined ? [] : [{ ...s, left: s.key === 'init' ? s.flag : `${s.flag} VALUE` }],
  );
  const width = Math.max(...flags.map(({ left }) => left.length));
  const rows = flags.map((s) => `  ${s.left.padEnd(width)} ${s.meaning} (${s.env})`);
  const secrets = settings.filter((s) => s.flag === undefined);
  return [
    'weftd: the Weft agent of one node.',
    '',
    'Usage: weftd [--config FILE] [flags]     run (in the network namespace of the node, as root)',
    '       weftd config [-o json] [flags]    show every setting and where it comes from',
    '       weftd --dry-run [-o json] [flags] show what it would do, and write nothing; exit code 0: nothing, 1: something',
    '       weftd --version',
    '',
    'Flags go before the environment, the environment before the file: that of --config or WEFT_CONFIG, or',
    '/etc/weft/weftd.yaml:',
    ...rows,
    '',
    'Only in the environment:',
    ...secrets.map((s) => `  ${s.env.padEnd(width)} ${s.meaning}`),
    '',
    'Example: weftd --store etcd://10.0.0.1:2379 --advertise eth1',
    '         weftd --dry-run --store etcd://10.0.0.1:2379 --advertise eth1',
    '',
  ].join('\n');
}
