import { InvalidArgumentError, type Command } from 'commander';

export const defaultSocket = '/run/weft/weftd.sock';

/** The flags that every command has, and an example. */
export function common(command: Command, example: string): Command {
  return command
    .option('-o, --output <format>', 'table or json', outputFormat, 'table')
    .option('--socket <path>', `socket of weftd (default: WEFT_SOCKET, or ${defaultSocket})`)
    .addHelpText('after', `\nExample:\n  ${example}`);
}

/** The flags that describe an endpoint, shared by `attach` and `run`. */
export function endpointFlags(command: Command): Command {
  return command
    .requiredOption('--network <name>', 'network to attach to')
    .option('--ip <address>', 'address to have, at most one for each subnet; repeatable', collect)
    .option('--reservation <name>', 'take the addresses and the name that are reserved under this name')
    .option('--owner <text>', 'whose reservations may be taken, by --reservation or --ip')
    .option('--mac <mac>', 'MAC address to have')
    .option('--name <name>', 'name of the endpoint, unique in the network')
    .option('--alias <name>', 'further name, which others may have as well; repeatable', collect)
    .option('--interface <name>', 'name of the interface inside the sandbox')
    .option(
      '--route-priority <number>',
      'of the networks of a sandbox, the one with the highest gives the default route (default: 0, never)',
      wholeNumber,
    )
    .option('--label <key=value>', 'label; repeatable', collect)
    .option('--timeout <duration>', 'how long to wait, such as 500ms or 10s', duration)
    .option('--wait', 'until all live nodes that take part in the network have programmed it');
}

export function outputFormat(text: string): 'table' | 'json' {
  if (text === 'table' || text === 'json') return text;
  throw new InvalidArgumentError('It must be table or json.');
}

/** For flags that may be repeated. */
export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

export function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds. A bare number is refused, since nobody agrees on its unit. */
export function duration(text: string): number {
  const [, digits, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  if (digits !== undefined) return Number(digits) * units[unit as keyof typeof units];
  throw new InvalidArgumentError('It must be a duration such as 500ms, 10s or 2m.');
}
