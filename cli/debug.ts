import type { Command } from 'commander';
import type {
  DebugDesiredJson,
  DebugObservedJson,
  DebugPlanJson,
  DebugViewJson,
} from '../api/schemas/debug.ts';
import { common, wholeNumber } from './options.ts';
import { oneLine, table } from './output/table.ts';
import type { Cli, Common } from './ports.ts';

interface DebugOptions extends Common {
  readonly network?: string;
  readonly limit?: number;
}

/** Adds `weft debug view|desired|observed|plan`. */
export function registerDebug(program: Command, cli: Cli): void {
  const debug = program.command('debug').description('show what the agent of this node knows and wants');
  leaf(debug, 'view', 'what it knows of the store, record by record').action(
    async (options: DebugOptions) => {
      const answer = await (await cli.client(options)).debugView(options);
      cli.show(options, answer, () => viewText(answer));
    },
  );
  leaf(debug, 'desired', 'what the kernel should hold, and how far each object has come').action(
    async (options: DebugOptions) => {
      const answer = await (await cli.client(options)).debugDesired(options);
      cli.show(options, answer, () => desiredText(answer));
    },
  );
  leaf(debug, 'observed', 'what the kernel holds: it is read now').action(async (options: DebugOptions) => {
    const answer = await (await cli.client(options)).debugObserved(options);
    cli.show(options, answer, () => observedText(answer));
  });
  leaf(debug, 'plan', 'the difference, as lines of ip, bridge and sysctl that can be run').action(
    async (options: DebugOptions) => {
      const answer = await (await cli.client(options)).debugPlan(options);
      cli.show(options, answer, () => planText(answer));
    },
  );
}

function leaf(debug: Command, word: string, summary: string): Command {
  return common(debug.command(word), `weft debug ${word} --network blue`)
    .description(summary)
    .option('--network <name>', 'only that network, by name or id')
    .option('--limit <count>', 'the most that is listed; the rest is counted (default: 1000)', wholeNumber);
}

function viewText({ state, records, bad, total }: DebugViewJson): string {
  const rows = records.map(({ key, revision, held, value }) => [
    key,
    held ? `${revision} held` : String(revision),
    JSON.stringify(value),
  ]);
  return [
    ...bad.map(({ key, why }) => `! ${oneLine(`${key}: ${why}`)}`),
    table(['KEY', 'REVISION', 'RECORD'], rows),
    ...more(records.length, total),
    `The view is ${state}.`,
  ].join('\n');
}

type Objects = DebugObservedJson[number]['objects'];

function desiredText(networks: DebugDesiredJson): string {
  return networks
    .flatMap(({ network, objects, total }) => [
      `# network ${oneLine(network)}: ${total} objects`,
      table(
        ['STATE', 'OBJECT'],
        objects.map(({ state, object, error }) => [
          state,
          `${attributes(object)}${error === undefined ? '' : ` (${error.decision}: ${error.message})`}`,
        ]),
      ),
      ...more(objects.length, total),
    ])
    .join('\n');
}

function observedText(networks: DebugObservedJson): string {
  return networks
    .flatMap(({ network, objects, total, deadSandboxes }) => [
      `# network ${oneLine(network)}: ${total} objects`,
      ...objects.map(({ object }) => oneLine(attributes(object))),
      ...deadSandboxes.map((path) => oneLine(`# there is no network namespace at ${path} any more`)),
      ...more(objects.length, total),
    ])
    .join('\n');
}

/** A script for a shell in the node's namespace: what is for people stands behind `#`. */
export function planText(networks: DebugPlanJson): string {
  const total = networks.reduce((sum, network) => sum + network.total, 0);
  if (total === 0) return '# nothing is to be done';
  return networks
    .filter((network) => network.total > 0)
    .flatMap(({ network, steps, total: all }) => [
      `# network ${oneLine(network)}: ${all} steps`,
      ...steps.flatMap(({ lines }) => lines),
      ...more(steps.length, all).map((line) => `# ${line}`),
    ])
    .join('\n');
}

/** `vxlan network:1f2e name=vxlan0 bridge=br0`: attributes of attributes with a dot. */
function attributes({ kind, scope, ...rest }: Objects[number]['object']): string {
  const pairs = (value: object, path: string): readonly string[] =>
    Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
      typeof inner === 'object' && inner !== null
        ? pairs(inner, `${path}${key}.`)
        : [`${path}${key}=${String(inner)}`],
    );
  return [kind, scope, ...pairs(rest, '')].join(' ');
}

const more = (shown: number, total: number): readonly string[] =>
  shown < total ? [`... and ${total - shown} more; see --limit`] : [];
