import type { Command } from 'commander';
import type { EndpointJson } from '../api/schemas/endpoint.ts';
import { common } from './options.ts';
import { details, table } from './output/table.ts';
import type { Cli, Common } from './ports.ts';
import { waitedText } from './waiting.ts';

type Options = Common & { readonly network?: string };

/** Adds `weft endpoint ls|inspect`. */
export function registerEndpoint(program: Command, cli: Cli): void {
  const endpoint = program.command('endpoint').description('show endpoints');
  common(endpoint.command('ls'), 'weft endpoint ls --network blue')
    .description('list the endpoints of one network, or of all that this node follows')
    .option('--network <name>', 'only those of this network')
    .action(async (options: Options) => {
      const endpoints = await (await cli.client(options)).listEndpoints(options.network);
      cli.show(options, endpoints, () => endpointTable(endpoints));
    });
  common(endpoint.command('inspect <endpoint>'), 'weft endpoint inspect web --network blue')
    .description('show one endpoint, by id or name')
    .option('--network <name>', 'network of the endpoint, when its name is not the only one')
    .action(async (id: string, options: Options) => {
      const found = await (await cli.client(options)).inspectEndpoint(id, options.network);
      cli.show(options, found, () => endpointDetails(found));
    });
}

function endpointTable(endpoints: readonly EndpointJson[]): string {
  return table(
    [
      'NETWORK',
      'NAME',
      'ALIASES',
      'ADDRESSES',
      'MAC',
      'NODE',
      'SANDBOX',
      'INTERFACE',
      'STATE',
      'PROGRAMMED',
      'ID',
    ],
    endpoints.map((e) => [
      e.network,
      e.name ?? '',
      e.aliases.join(' '),
      e.addresses.join(' '),
      e.mac,
      e.node,
      e.sandbox.gone === undefined ? e.sandbox.path : `${e.sandbox.path} (gone)`,
      e.interfaceName,
      e.state,
      yesNo(e.programmed),
      e.id,
    ]),
  );
}

export function endpointDetails(e: EndpointJson): string {
  return details([
    ['id', e.id],
    ['network', e.network],
    ['name', e.name],
    ['aliases', e.aliases],
    ['addresses', e.addresses],
    ['MAC', e.mac],
    ['node', e.local ? `${e.node} (this one)` : e.node],
    ['sandbox', sandboxText(e.sandbox)],
    ['interface', e.interfaceName],
    ['default route', routeText(e)],
    ['state', e.conflictWith === undefined ? e.state : `${e.state} with ${e.conflictWith}`],
    ['contested by', e.contestedBy ?? []],
    ['programmed', `${yesNo(e.programmed)} (${e.pending ?? 'in the kernel of the node that answers'})`],
    ['everywhere', e.waited === undefined ? undefined : waitedText(e.waited)],
    ['labels', Object.entries(e.labels).map(([key, value]) => `${key}=${value}`)],
  ]);
}

function sandboxText({ path, key, gone }: EndpointJson['sandbox']): string {
  const where = `${path} (key ${key})`;
  if (gone === undefined) return where;
  const { since, until } = gone;
  const next =
    until === undefined
      ? 'a namespace of its name is awaited'
      : `detached soon after ${until} unless attached again`;
  return `${where}, gone since ${since}; ${next}`;
}

/** Nothing where nobody ever asked for one. */
function routeText({ routePriority, defaultRoutes, local }: EndpointJson): string | undefined {
  if (routePriority === 0) return undefined;
  const families = local
    ? (defaultRoutes?.join(' and ') ?? 'no, another endpoint of the sandbox gives it')
    : 'on its node';
  return `${families} (priority ${routePriority})`;
}

const yesNo = (value: boolean): string => (value ? 'yes' : 'no');
