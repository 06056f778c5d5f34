import type { Command } from 'commander';
import type { Client, Waiting } from '../api/client.ts';
import type { WaitedJson } from '../api/schemas/waited.ts';
import { duration } from './options.ts';
import { showAwaited } from './output/awaited.ts';
import type { Common } from './ports.ts';

/** `--wait` and `--timeout` of a command about a network. */
export type WaitFlags = Common & Waiting;

export function waitFlags(command: Command): Command {
  return waitFlag(command).option(
    '--timeout <duration>',
    'how long to wait for them, such as 500ms or 10s (default: 10s)',
    duration,
  );
}

export function waitFlag(command: Command): Command {
  return command.option('--wait', 'until all live nodes that take part in the network have programmed it');
}

export function waitingOf({ wait, timeout }: Waiting): Waiting {
  return { ...(wait === undefined ? {} : { wait }), ...(timeout === undefined ? {} : { timeout }) };
}

/** A call with these flags; while it waits, a line on the terminal names those who are awaited. */
export function awaiting<T>(
  client: Client,
  network: string,
  { wait, output }: WaitFlags,
  call: Promise<T>,
): Promise<T> {
  if (wait !== true || output === 'json') return call;
  const awaited = async (): Promise<readonly string[]> => {
    const shown = await client.inspectNetwork(network);
    if (shown.phase === 'refused') return [];
    const nodes = shown.nodes ?? [];
    return nodes.filter(({ state }) => state === 'awaited' || state === 'refused').map(({ node }) => node);
  };
  return showAwaited(call, awaited, process.stderr);
}

/** `by h2 and h3, 12.5 ms after the commit`. */
export function waitedText({ nodes, took }: WaitedJson): string {
  return nodes.length === 0
    ? 'nobody else takes part'
    : `programmed by ${nodes.join(', ')}, ${took} ms after the commit`;
}
