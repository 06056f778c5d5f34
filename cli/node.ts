import type { Command } from 'commander';
import type { DrainedNodeJson, NodeJson } from '../api/schemas/node.ts';
import { common, duration } from './options.ts';
import { oneLine, table } from './output/table.ts';
import type { Cli, Common } from './ports.ts';

interface DrainOptions extends Common {
  readonly confirm?: string;
  readonly timeout?: number;
}

/** Adds `weft node ls|forget|drain`. */
export function registerNode(program: Command, cli: Cli): void {
  const node = program.command('node').description('show nodes, and give up or empty one');
  common(node.command('ls'), 'weft node ls')
    .description('list all nodes; * is the one that answers')
    .action(async (options: Common) => {
      const nodes = await (await cli.client(options)).listNodes();
      cli.show(options, nodes, () => nodeText(nodes));
    });
  common(node.command('forget <node>'), 'weft node forget n3')
    .description('give up a node that is down, and its endpoints: names and addresses are free again')
    .action(async (which: string, options: Common) => {
      const forgotten = await (await cli.client(options)).forgetNode(which);
      cli.show(options, forgotten, () => {
        return `Forgot node ${forgotten.name} (${forgotten.id}); ${forgotten.endpoints} endpoints were given up.`;
      });
    });
  common(node.command('drain <node>'), 'weft node drain n3 --confirm "drain n3"')
    .description('have a live node detach all its endpoints')
    .option('--confirm <words>', '`drain` and the name of the node, in one argument')
    .option('--timeout <duration>', 'how long to wait, such as 500ms or 10s', duration)
    .action(async (which: string, options: DrainOptions) => {
      const { confirm, timeout } = options;
      const body = {
        ...(confirm === undefined ? {} : { confirm }),
        ...(timeout === undefined ? {} : { timeout }),
      };
      const answer = await (await cli.client(options)).drainNode(which, body);
      cli.show(options, answer, () => drainText(answer));
    });
}

function drainText({ name, state, endpoints }: DrainedNodeJson): string {
  if (state === 'drained') return `Node ${name} is drained.`;
  return `Node ${name} is being drained: nothing can be attached there; ${endpoints} endpoints are left.`;
}

function nodeText(nodes: readonly NodeJson[]): string {
  const kept = nodes.flatMap(({ name, why }) =>
    why === undefined ? [] : [oneLine(`${name} is kept: ${why}`)],
  );
  return [nodeTable(nodes), ...kept].join('\n');
}

function nodeTable(nodes: readonly NodeJson[]): string {
  return table(
    ['NAME', 'STATE', 'VTEPS', 'MTU', 'ENDPOINTS', 'VERSION', 'ID'],
    nodes.map((node) => [
      node.self ? `${node.name} *` : node.name,
      node.state,
      node.vteps.join(' '),
      String(node.mtu),
      node.endpoints === null ? '' : String(node.endpoints),
      node.version,
      node.id,
    ]),
  );
}
