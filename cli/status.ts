import type { Command } from 'commander';
import type { Colors } from 'picocolors/types.js';
import type { StatusJson } from '../api/schemas/status.ts';
import { common } from './options.ts';
import { span } from './output/span.ts';
import { details, oneLine } from './output/table.ts';
import type { Cli, Common } from './ports.ts';

/** Adds `weft status`. */
export function registerStatus(program: Command, cli: Cli): void {
  common(program.command('status'), 'weft status -o json')
    .description('how the agent is doing, what is wrong first; exit code 1 when something is')
    .action(async (options: Common) => {
      const status = await (await cli.client(options)).status();
      cli.show(options, status, () => statusText(status, cli.colors));
      if (complaints(status).length > 0) cli.exit(1);
    });
}

/** Everything that makes the agent unhealthy, one line each. */
function complaints(status: StatusJson): readonly string[] {
  const { phase, store, objects, problems } = status;
  return [
    ...(phase === 'ready' ? [] : [`not ready: ${phase}`]),
    ...(store.state === 'insync' ? [] : [`the store is ${store.state} since ${store.since}`]),
    ...(objects.failed === 0 ? [] : [`${objects.failed} kernel objects could not be programmed`]),
    ...problems.map(lineOf),
  ].map(oneLine);
}

const lineOf = ({ what, why, hint }: StatusJson['warnings'][number]): string =>
  `${what}: ${why}${hint === undefined ? '' : ` (${hint})`}`;

function statusText(status: StatusJson, colors: Colors): string {
  const { node, cluster, store, endpoints, objects } = status;
  const wrong = complaints(status).map((line) => colors.red(`! ${line}`));
  const known = status.warnings.map((warning) => colors.yellow(`* ${oneLine(lineOf(warning))}`));
  const facts = details([
    ['weftd', `${status.version} on ${node.name}, up ${span(status.uptime)}`],
    ['phase', status.phase],
    ['node', `${node.id}, VTEP ${node.vteps.join(' ') || 'none yet'}`],
    [
      'cluster',
      cluster === null ? 'none yet' : `${cluster.id}, IPv${cluster.underlay} tunnels, port ${cluster.port}`,
    ],
    ['pools', cluster?.pools],
    ['store', `${store.description}, ${store.state} since ${store.since}`],
    ['networks', String(status.networks)],
    ['endpoints', `${endpoints.local} here, ${endpoints.remote} elsewhere`],
    ['kernel', `${objects.desired} objects wanted, ${objects.pending} pending, ${objects.failed} failed`],
    ['repairs', repairsText(status.repairs)],
  ]);
  return [...(wrong.length === 0 ? [colors.green('healthy')] : wrong), ...known, '', facts].join('\n');
}

/** What somebody else had changed, by kind, the most frequent first. */
function repairsText(repairs: StatusJson['repairs']): string | undefined {
  const kinds = Object.entries(repairs).toSorted(([, a], [, b]) => b - a);
  if (kinds.length === 0) return undefined;
  return `${kinds.map(([kind, count]) => `${count} ${kind}`).join(', ')}: changed by somebody, and as it was`;
}
