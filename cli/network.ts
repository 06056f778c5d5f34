import { Option, type Command } from 'commander';
import type { RemovedNetworkJson } from '../api/schemas/network.ts';
import { errorCodes } from '../model/errors.ts';
import type { DeclarationFlags } from './network/declaration-of.ts';
import { networkDetails, networkTable, waitText } from './network/show.ts';
import { collect, common, wholeNumber } from './options.ts';
import { table } from './output/table.ts';
import type { Cli, Common } from './ports.ts';
import { awaiting, waitFlags, waitingOf, type WaitFlags } from './waiting.ts';

/** Adds `weft network create|apply|edit|pools|ls|inspect|rm`. */
export function registerNetwork(program: Command, cli: Cli): void {
  const network = program.command('network').description('declare, show and remove networks');
  registerCreate(network, cli);
  common(waitFlags(network.command('apply')), 'weft network apply -f networks.yaml --dry-run')
    .description('create or change every network that a file declares (YAML or JSON)')
    .requiredOption(
      '-f, --file <file>',
      'declarations with `name:` beside their keys, or a map of them by name; - is standard input',
    )
    .option('--dry-run', 'show as a diff what would change, and whom it would touch; write nothing')
    .action(async (options: WaitFlags & { readonly file: string; readonly dryRun?: true }) => {
      if (options.dryRun === true) {
        const { planFile } = await import('./network/plan.ts');
        return planFile(cli, options.file, options);
      }
      const { applyFile } = await import('./network/apply.ts');
      return applyFile(cli, options.file, options);
    });
  common(network.command('edit <name>'), 'weft network edit blue')
    .description(
      'edit the declaration of a network in $VISUAL, $EDITOR or, on a terminal, vi; what is refused comes back with the reason',
    )
    .action(async (name: string, options: Common) => {
      const { editNetwork } = await import('./network/edit.ts');
      await editNetwork(cli, name, options);
    });
  registerPools(network, cli);
  common(network.command('ls'), 'weft network ls -o json')
    .description('list all networks, refused declarations included')
    .action(async (options: Common) => {
      const networks = await (await cli.client(options)).listNetworks();
      cli.show(options, networks, () => networkTable(networks));
    });
  common(waitFlags(network.command('inspect <name>')), 'weft network inspect blue --wait --timeout 2s')
    .description('show one network, and how far the nodes are that take part; --wait asks them')
    .action(async (name: string, options: WaitFlags) => {
      const client = await cli.client(options);
      const asked = client.inspectNetwork(name, waitingOf(options));
      const found = await awaiting(client, name, options, asked);
      cli.show(options, found, () => networkDetails(found));
      const isLate = 'nodes' in found && found.nodes?.some(({ state }) => state === 'awaited');
      if (options.wait === true && isLate === true) cli.exit(errorCodes.TIMEOUT.exit);
    });
  common(waitFlags(network.command('rm <name>')), 'weft network rm blue --force')
    .description('remove a network')
    .option('--force', 'detach the endpoints that are left, on whatever node they are')
    .action(async (name: string, options: WaitFlags & { readonly force?: true }) => {
      const client = await cli.client(options);
      const wish = { force: options.force === true, ...waitingOf(options) };
      const removed = await awaiting(client, name, options, client.removeNetwork(name, wish));
      cli.show(options, removed, () => removalText(name, removed));
    });
}

function registerPools(network: Command, cli: Cli): void {
  const example = 'weft network pools --set base=10.200.0.0/16,size=26 --set base=fd00:7::/48,size=64';
  common(network.command('pools'), example)
    .description('show where networks that declare no subnet get one, or change it for the cluster')
    .addOption(
      new Option(
        '--set <pool>',
        'a pool that the cluster has from now on, in place of those that it had; repeatable',
      )
        .argParser(collect)
        .conflicts('reset'),
    )
    .option('--reset', 'have the default pools again')
    .action(async (options: Common & { readonly set?: readonly string[]; readonly reset?: true }) => {
      const client = await cli.client(options);
      const { set, reset } = options;
      const isChange = set !== undefined || reset === true;
      const pools = isChange ? await client.setPools(set?.join(' ') ?? '') : await client.listPools();
      cli.show(options, pools, () =>
        table(
          ['BASE', 'SIZE', 'TOTAL', 'SUBNETS'],
          pools.map(({ base, size, total, subnets }) => [base, String(size), total, String(subnets)]),
        ),
      );
    });
}

function removalText(name: string, { state, waitsFor, waited }: RemovedNetworkJson): string {
  const { nodes = [], took = 0 } = waited ?? {};
  const gone = nodes.length === 0 ? '' : `; gone from ${nodes.join(', ')} after ${took} ms`;
  if (state === 'removed') return `Removed network ${name}${gone}.`;
  const waits = waitText(waitsFor) || 'nodes still detach what they hold';
  return `Network ${name} is being removed: nothing can be attached any more; ${waits}.`;
}

function registerCreate(network: Command, cli: Cli): void {
  common(
    waitFlags(network.command('create <name>')),
    'weft network create blue --subnet 10.7.0.0/24 --subnet fd00:7::/64 --gateway fd00:7::1 --aux router=10.7.0.2\n' +
      '  weft network create green --ipv6',
  )
    .description('declare a network; the same declaration again is success')
    .option(
      '--subnet <cidr>',
      'subnet, IPv4 or IPv6; repeatable (default: a free IPv4 subnet of the address pools)',
      collect,
    )
    .option('--ipv4', 'also an IPv4 subnet of the address pools, when only IPv6 is named')
    .option('--no-ipv4', 'no IPv4 subnet of the address pools')
    .option('--ipv6', 'also an IPv6 subnet of the address pools, when none is named')
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
    .option('--allow-overlap', 'its subnets may overlap other networks, and what nodes have')
    .option('--label <key=value>', 'label; repeatable', collect)
    .action(async (name: string, options: WaitFlags & DeclarationFlags) => {
      const { declarationOf } = await import('./network/declaration-of.ts');
      const declaration = declarationOf(options);
      const client = await cli.client(options);
      const asked = client.createNetwork(name, declaration, waitingOf(options));
      const created = await awaiting(client, name, options, asked);
      cli.show(options, created, () => networkDetails(created));
    });
}
