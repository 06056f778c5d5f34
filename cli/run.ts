import type { Command } from 'commander';
import type { EndpointFlags } from './attach-body.ts';
import { common, endpointFlags } from './options.ts';
import type { Cli, Common } from './ports.ts';

/** Adds `weft run`. */
export function registerRun(program: Command, cli: Cli): void {
  const run = program.command('run <command...>');
  common(endpointFlags(run), 'weft run --network blue --ip 10.7.0.9 -- ping -c1 10.7.0.2')
    .description('run a command in a sandbox of its own, attached to a network (root)')
    .addHelpText(
      'after',
      '\nThe exit code is that of the command; 125: a failure of weft, 126: it cannot be run, 127: not found.',
    )
    .passThroughOptions()
    .action(async (command: readonly string[], options: Common & EndpointFlags) => {
      const { runCommand } = await import('./run/run-command.ts');
      cli.exit(await runCommand(cli, command, options));
    });
}
