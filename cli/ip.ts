import type { Command } from 'commander';
import { isIP } from 'node:net';
import type { AddressesJson, CheckedJson, HeldAddressJson, ReservedJson } from '../api/schemas/address.ts';
import { collect, common, duration } from './options.ts';
import { oneLine, table } from './output/table.ts';
import type { Cli, Common } from './ports.ts';

type OfNetwork = Common & { readonly network?: string };

interface ReserveOptions extends Common {
  readonly network: string;
  readonly ip?: readonly string[];
  readonly owner?: string;
  readonly expires?: number;
}

interface ReleaseOptions extends Common {
  readonly network: string;
  readonly owner?: string;
}

/** Adds `weft ip ls|who|reserve|release|check`. */
export function registerIp(program: Command, cli: Cli): void {
  const ip = program.command('ip').description('who has which address; reserve, check and mend');
  common(ip.command('ls'), 'weft ip ls --network blue')
    .description('list every address that somebody has, and how full the pools are')
    .option('--network <name>', 'only those of this network')
    .action(async (options: OfNetwork) => {
      const held = await (await cli.client(options)).listAddresses(options.network);
      cli.show(options, held, () => addressesText(held));
    });
  common(ip.command('who <address>'), 'weft ip who 10.7.0.9')
    .description('tell who has an address, in every network; exit code 4 when nobody has')
    .option('--network <name>', 'only in this network')
    .action(async (address: string, options: OfNetwork) => {
      const held = await (await cli.client(options)).findAddress(address, options.network);
      cli.show(options, held, () => heldTable(held));
    });
  registerReservations(ip, cli);
  common(ip.command('check'), 'weft ip check --fix')
    .description(
      'compare all claims of addresses, MACs and names with their holders; exit code 1 when something is wrong',
    )
    .option('--fix', 'mend what can be mended without a guess')
    .action(async (options: Common & { readonly fix?: true }) => {
      const checked = await (await cli.client(options)).checkAddresses(options.fix === true);
      cli.show(options, checked, () => checkText(checked));
      if (checked.findings.some(({ mend }) => mend !== 'mended')) cli.exit(1);
    });
}

function registerReservations(ip: Command, cli: Cli): void {
  common(ip.command('reserve [name]'), 'weft ip reserve --network blue --ip 10.7.0.9 --expires 1h printer')
    .description('keep addresses for somebody; the same again is success, with the expiry that is asked for')
    .requiredOption('--network <name>', 'network of the address')
    .option(
      '--ip <address>',
      'address to keep, at most one for each subnet; repeatable (default: one of each family)',
      collect,
    )
    .option('--owner <text>', 'whose it is: who attaches with it, or releases it, has to say the same')
    .option(
      '--expires <duration>',
      'after which it counts as free, such as 30m or 1h (default: never)',
      duration,
    )
    .action(async (name: string | undefined, options: ReserveOptions) => {
      const { network, ip: addresses, owner, expires } = options;
      const reserved = await (
        await cli.client(options)
      ).reserveAddress({
        network,
        ...(name === undefined ? {} : { name }),
        ...(addresses === undefined ? {} : { addresses: [...addresses] }),
        ...(owner === undefined ? {} : { owner }),
        ...(expires === undefined ? {} : { expires }),
      });
      cli.show(options, reserved, () => reservedText(reserved));
    });
  common(ip.command('release <reservation>'), 'weft ip release --network blue printer')
    .description('give a reservation up, by its name or one of its addresses; success when there is none')
    .requiredOption('--network <name>', 'network of the reservation')
    .option('--owner <text>', 'whose it is')
    .action(async (which: string, options: ReleaseOptions) => {
      const { network, owner } = options;
      const { released, addresses } = await (
        await cli.client(options)
      ).releaseAddress({
        network,
        ...(isIP(which) === 0 ? { name: which } : { address: which }),
        ...(owner === undefined ? {} : { owner }),
      });
      cli.show(options, { released, addresses }, () => {
        if (!released) return `Nothing is reserved as ${which} in network ${network}.`;
        return `Released ${addresses.join(', ')} of network ${network}.`;
      });
    });
}

function reservedText({ outcome, reservation }: ReservedJson): string {
  const { name, addresses, network, owner, expiresAt } = reservation;
  const verb = { reserved: 'Reserved', extended: 'Extended', unchanged: 'Had already' }[outcome];
  const whose = owner === '' ? '' : ` for ${owner}`;
  const until = expiresAt === undefined ? '' : ` until ${expiresAt}`;
  return oneLine(`${verb} ${addresses.join(', ')} of network ${network} as ${name}${whose}${until}.`);
}

function addressesText({ pools, addresses }: AddressesJson): string {
  const full = table(
    ['NETWORK', 'POOL', 'USED', 'TOTAL', 'PERCENT'],
    pools.map(({ network, subnet, range, used, total, percent }) => [
      network,
      range === undefined ? subnet : `${range} of ${subnet}`,
      used,
      total,
      String(percent),
    ]),
  );
  return `${full}\n\n${heldTable(addresses)}`;
}

function heldTable(addresses: readonly HeldAddressJson[]): string {
  return table(
    ['NETWORK', 'ADDRESS', 'KIND', 'HOLDER', 'NODE', 'OWNER', 'EXPIRES'],
    addresses.map((held) => [
      held.network,
      held.address,
      held.kind,
      holderText(held),
      held.node ?? '',
      // That of an endpoint is its node.
      held.kind === 'endpoint' ? '' : held.owner,
      held.expired === true ? `expired ${held.expiresAt ?? ''}` : (held.expiresAt ?? ''),
    ]),
  );
}

const holderText = ({ kind, holder, name, sandbox, problem = holder }: HeldAddressJson): string =>
  kind === 'endpoint' ? (name ?? sandbox ?? `${holder} (not there)`) : problem;

const mends = { mended: 'mended', possible: '--fix mends it', undecided: 'somebody has to decide' } as const;

function checkText({ networks, endpoints, claims, findings }: CheckedJson): string {
  const seen = `${networks} networks, ${endpoints} endpoints, ${claims} claims`;
  if (findings.length === 0) return `Nothing is wrong: ${seen}.`;
  const lines = findings.map(({ kind, what, mend }) => oneLine(`${kind}: ${what} (${mends[mend]})`));
  return [...lines, `${findings.length} found; ${seen}.`].join('\n');
}
