import type { Command } from 'commander';
import { attachBodyOf, type EndpointFlags } from './attach-body.ts';
import { endpointDetails } from './endpoint.ts';
import { common, endpointFlags } from './options.ts';
import type { Cli, Common } from './ports.ts';
import { awaiting } from './waiting.ts';

/** Adds `weft attach`. */
export function registerAttach(program: Command, cli: Cli): void {
  const attach = program.command('attach <sandbox>');
  common(endpointFlags(attach), 'weft attach --network blue c1 --ip 10.7.0.9 --name web')
    .description('attach a sandbox: a named network namespace, a PID, or the path of a namespace file')
    .option(
      '--key <key>',
      'what makes a repeated call mean the same endpoint (default: made from the sandbox)',
    )
    .action(async (sandbox: string, options: Common & EndpointFlags) => {
      const body = attachBodyOf(sandbox, options);
      const client = await cli.client(options);
      const endpoint = await awaiting(client, options.network, options, client.attach(body));
      cli.show(options, endpoint, () => endpointDetails(endpoint));
    });
}
