import type { Command } from 'commander';
import type { NodeJson } from '../api/schemas/node.ts';
import { common } from './options.ts';
import { table } from './output/table.ts';
import type { Cli, Common } from './ports.ts';

/** Adds `weft node ls`. */
export function registerNode(program: Command, cli: Cli): void {
  const node = program.command('node').description('show nodes');
  common(node.command('ls'), 'weft node ls')
    .description('list all nodes; * is the one that answers')
    .action(async (options: Common) => {
      const nodes = await (await cli.client(options)).listNodes();
      cli.show(options, nodes, () => nodeTable(nodes));
    });
}

function nodeTable(nodes: readonly NodeJson[]): string {
  return table(
    ['NAME', 'STATE', 'VTEPS', 'MTU', 'ENDPOINTS', 'VERSION', 'ID'],
    nodes.map((node) => [
      node.self ? `${node.name} *` : node.name,
      node.alive ? 'alive' : 'down',
      node.vteps.join(' '),
      String(node.mtu),
      node.endpoints === null ? '' : String(node.endpoints),
      node.version,
      node.id,
    ]),
  );
}
