import type { Command } from 'commander';
import type { EventJson } from '../api/schemas/event.ts';
import { common, wholeNumber } from './options.ts';
import { oneLine } from './output/table.ts';
import type { Cli, Common } from './ports.ts';

interface EventsOptions extends Common {
  readonly follow?: true;
  readonly last: number;
}

/** Milliseconds that one question waits for news. */
const patience = 20_000;

/** Adds `weft events`. */
export function registerEvents(program: Command, cli: Cli): void {
  common(program.command('events'), 'weft events --follow')
    .description('what this node decided, did and saw, oldest first')
    .option('-f, --follow', 'go on with what happens from now on')
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
  for (let after = last; ;) {
    const news = await client.events({ after, wait: patience });
    say(news.events);
    after = news.last;
  }
}

const lineOf = ({ time, kind, message }: EventJson): string =>
  `${time}  ${kind.padEnd(18)}  ${oneLine(message)}`;
