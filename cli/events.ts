import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Client } from '../api/client.ts';
import type { EventJson } from '../api/schemas/event.ts';
import { asWeftError, hasCode } from '../model/errors.ts';
import { common, wholeNumber } from './options.ts';
import { oneLine } from './output/table.ts';
import type { Cli, Common } from './ports.ts';

interface EventsOptions extends Common {
  readonly follow?: true;
  readonly last: number;
}

/** Milliseconds that one question waits for news. */
const patience = 20_000;
/** Milliseconds between two looks for an agent that is away. */
const retryInterval = 500;

/** Adds `weft events`. */
export function registerEvents(program: Command, cli: Cli): void {
  common(program.command('events'), 'weft events --follow')
    .description('what this node decided, did and saw, oldest first')
    .option('-f, --follow', 'go on with what happens from now on, also when the agent is restarted')
    .option('--last <count>', 'how many to begin with', wholeNumber, 100)
    .action((options: EventsOptions) => show(cli, options));
}

async function show(cli: Cli, options: EventsOptions): Promise<void> {
  const client = await cli.client(options);
  const { events, last } = await client.events({});
  const shown = options.last === 0 ? [] : events.slice(-options.last);
  if (options.follow !== true) {
    cli.show(options, shown, () => shown.map(lineOf).join('\n') || 'nothing has happened yet');
    return;
  }
  const say = (some: readonly EventJson[]): void => {
    for (const event of some) cli.out(options.output === 'json' ? JSON.stringify(event) : lineOf(event));
  };
  say(shown);
  const end = new AbortController();
  const unread = cli.unread().then(() => end.abort());
  await Promise.race([follow(cli, client, { last, say, end: end.signal }), unread]);
}

interface Following {
  /** Number of the last event that was shown. */
  readonly last: number;
  readonly say: (some: readonly EventJson[]) => void;
  readonly end: AbortSignal;
}

/** Until the end; an agent that is restarted goes on with its numbers. @throws what no restart explains. */
async function follow(cli: Cli, client: Client, { last, say, end }: Following): Promise<void> {
  let isAway = false;
  for (let after = last; !end.aborted;) {
    try {
      const news = await client.events({ after, wait: isAway ? 0 : patience });
      if (isAway) cli.err('weft: the agent is back');
      isAway = false;
      say(news.events);
      after = news.last;
    } catch (error) {
      if (!hasCode(error, 'DAEMON_UNREACHABLE')) throw error;
      if (!isAway) cli.err(`weft: waiting for the agent: ${asWeftError(error).message}`);
      isAway = true;
      await pause(retryInterval);
    }
  }
}

const lineOf = ({ time, kind, message }: EventJson): string =>
  `${time}  ${kind.padEnd(18)}  ${oneLine(message)}`;
