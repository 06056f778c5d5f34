import type { Command } from 'commander';
import type { RemovedNetworkJson } from '../api/schemas/network.ts';
import type { DeclarationFlags } from './network/declaration-of.ts';
import { networkDetails, networkTable, waitText } from './network/show.ts';
import { collect, common, wholeNumber } from './options.ts';
import type { Cli, Common } from './ports.ts';

/** Adds `weft network create|apply|ls|inspect|rm`. */
export function registerNetwork(program: Command, cli: Cli): void {
  const network = program.command('network').description('declare, show and remove networks');
  registerCreate(network, cli);
  common(network.command('apply'), 'weft network apply -f networks.yaml')
    .description('create or change every network that a file declares (YAML or JSON)')
    .requiredOption(
      '-f, --file <file>',
      'declarations with `name:` beside their keys, or a map of them by name; - is standard input',
    )
    .action(async (options: Common & { readonly file: string }) => {
      const { applyFile } = await import('./network/apply.ts');
      await applyFile(cli, options.file, options);
    });
  common(network.command('ls'), 'weft network ls -o json')
    .description('list all networks, refused declarations included')
    .action(async (options: Common) => {
      const networks = await (await cli.client(options)).listNetworks();
      cli.show(options, networks, () => networkTable(networks));
    });
  common(network.command('inspect <name>'), 'weft network inspect blue')
    .description('show one network')
    .action(async (name: string, options: Common) => {
      const found = await (await cli.client(options)).inspectNetwork(name);
      cli.show(options, found, () => networkDetails(found));
    });
  common(network.command('rm <name>'), 'weft network rm blue --force')
    .description('remove a network')
    .option('--force', 'detach the endpoints that are left, on whatever node they are')
    .action(async (name: string, options: Common & { readonly force?: true }) => {
      const removed = await (
        await cli.client(options)
      ).removeNetwork(name, { force: options.force === true });
      cli.show(options, removed, () => removalText(name, removed));
    });
}

function removalText(name: string, { state, waitsFor }: RemovedNetworkJson): string {
  if (state === 'removed') return `Removed network ${name}.`;
  const waits = waitText(waitsFor) || 'nodes still detach what they hold';
  return `Network ${name} is being removed: nothing can be attached any more; ${waits}.`;
}

function registerCreate(network: Command, cli: Cli): void {
  common(
    network.command('create <name>'),
    'weft network create blue --subnet 10.7.0.0/24 --subnet fd00:7::/64 --gateway fd00:7::1 --aux router=10.7.0.2',
  )
    .description('declare a network; the same declaration again is success')
    .requiredOption('--subnet <cidr>', 'subnet, IPv4 or IPv6; repeatable', collect)
    .option('--gateway <address>', 'first hop of the subnet that holds it; repeatable', collect)
    .option(
      '--range <cidr>',
      'addresses are chosen from here, in the subnet that holds it; repeatable',
      collect,
    )
    .option('--aux <name=address>', 'address kept out of allocation; repeatable', collect)
    .option('--driver <kind>', 'kind of network (default: overlay)')
    .option('--mtu <bytes>', 'MTU inside (default: what the nodes allow)', wholeNumber)
    .option('--vni <number>', 'VNI (default: a free one of the range)', wholeNumber)
    .option('--internal', 'recorded; there is no way out of any network in this version')
    .option('--allow-overlap', 'its subnets may be those of other networks as well')
    .option('--label <key=value>', 'label; repeatable', collect)
    .action(async (name: string, options: Common & DeclarationFlags) => {
      const { declarationOf } = await import('./network/declaration-of.ts');
      const declaration = declarationOf(options);
      const created = await (await cli.client(options)).createNetwork(name, declaration);
      cli.show(options, created, () => networkDetails(created));
    });
}
