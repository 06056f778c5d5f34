import type { Command } from 'commander';
import { WeftError } from '../../model/errors.ts';
import { common } from '../options.ts';
import type { Cli, Common } from '../ports.ts';

interface Deliberate extends Common {
  readonly yes?: true;
}

/** Adds `weft store accept|join`: what somebody decides about a store that the agents do not believe. */
export function registerAuthority(group: Command, cli: Cli): void {
  common(group.command('accept'), 'weft store accept --yes')
    .description(
      "the store of this node's cluster is right as it is: every agent gives up what it holds against it",
    )
    .option('--yes', 'it is meant: what is given up is gone')
    .action(async (options: Deliberate) => {
      demandYes(options, 'accept', 'every agent of the cluster gives up, for good, what its store has lost');
      const done = await (await cli.client(options)).acceptStore();
      cli.show(options, done, () => acceptedText(done));
    });
  common(group.command('join'), 'weft store join --yes')
    .description(
      'this node leaves its cluster for the one of the store; its networks go from its kernel, its endpoints with them',
    )
    .option('--yes', 'it is meant: the sandboxes here lose their networks')
    .action(async (options: Deliberate) => {
      demandYes(
        options,
        'join',
        'all sandboxes of this node lose their networks, and their endpoints are given up',
      );
      const done = await (await cli.client(options)).joinStore();
      cli.show(
        options,
        done,
        () => `This node has left cluster ${done.left} and belongs to ${done.cluster} now.`,
      );
    });
}

/** @throws INPUT_INVALID unless it was said that it is meant. */
function demandYes({ yes }: Deliberate, verb: string, what: string): void {
  if (yes === true) return;
  throw new WeftError(
    'INPUT_INVALID',
    `weft store ${verb} was not confirmed: ${what}; if that is meant, add --yes`,
  );
}

/** Keys that are listed for people. */
const most = 20;

function acceptedText({
  cluster,
  released,
}: {
  readonly cluster: string;
  readonly released: readonly string[];
}): string {
  const head = `What the store holds of cluster ${cluster} is the truth now.`;
  if (released.length === 0) return `${head} This node held nothing against it.`;
  const more = released.length > most ? [`  and ${released.length - most} more`] : [];
  const list = released.slice(0, most).map((key) => `  ${key}`);
  return [`${head} This node has given up ${released.length} keys:`, ...list, ...more].join('\n');
}
