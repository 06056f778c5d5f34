import { stringify } from 'yaml';
import type { NetworkChangeJson, PlannedNetworkJson, SpecJson } from '../../api/schemas/network.ts';
import { WeftError } from '../../model/errors.ts';
import { oneLine } from '../output/table.ts';
import type { Cli, Common } from '../ports.ts';
import { declarationsIn } from './declarations-in.ts';
import { unifiedDiff } from './diff.ts';

/**
 * `weft network apply -f FILE --dry-run`: for every network of the file, what would change and whom it would touch. The exit code is
 * that of the first that would be refused, and 0 otherwise.
 */
export async function planFile(cli: Cli, file: string, options: Common): Promise<void> {
  const wishes = declarationsIn(await cli.read(file), file);
  const client = await cli.client(options);
  const planned = await client.planNetworks(wishes);
  cli.show(options, planned, () => planned.map((each) => planText(each, file)).join('\n'));
  const failures = planned.flatMap((each) => (each.outcome === 'failed' ? [failureOf(each)] : []));
  const codes = failures.map((failure) => cli.fail(options, failure));
  cli.exit(codes[0] ?? 0);
}

/** As if it had been thrown for this network alone. */
function failureOf({ name, error }: Extract<PlannedNetworkJson, { outcome: 'failed' }>): WeftError {
  return new WeftError(error.code, `${name}: ${error.message}`, { details: error.details });
}

/** A patch of the accepted spec, or of the declaration where that alone differs; what is no part of it stands behind `#`. */
function planText(planned: PlannedNetworkJson, file: string): string {
  const name = oneLine(planned.name);
  if (planned.outcome === 'failed') return `# ${name}: refused`;
  const { outcome, before, after } = planned;
  if (outcome === 'unchanged') return `# ${name}: unchanged`;
  const old = before === undefined ? undefined : specLines(before);
  const lines = patch({ label: name, lines: old }, { label: `${name} (${file})`, lines: specLines(after) });
  if (lines.length > 0) return [...lines, `# ${name}: would be ${outcome}; ${touchText(planned)}`].join('\n');
  const told = `# ${name}: would be ${outcome}, its declaration alone; ${touchText(planned)}`;
  return [...declarationPatch(name, planned, file), told].join('\n');
}

function declarationPatch(name: string, { declaration }: NetworkChangeJson, file: string): readonly string[] {
  if (declaration === undefined) return [];
  const { before, after } = declaration;
  const old = before === undefined ? undefined : declarationLines(before);
  return patch(
    { label: `${name} (declaration)`, lines: old },
    { label: `${name} (declaration in ${file})`, lines: declarationLines(after) },
  );
}

/** Empty when nothing differs; `lines` are absent of what was not there. */
function patch(
  before: { readonly label: string; readonly lines: readonly string[] | undefined },
  after: { readonly label: string; readonly lines: readonly string[] },
): readonly string[] {
  const lines = unifiedDiff(before.lines ?? [], after.lines);
  if (lines.length === 0) return [];
  const head = [`--- ${before.lines === undefined ? '/dev/null' : before.label}`, `+++ ${after.label}`];
  return [...head, ...lines].map(oneLine);
}

/** As YAML; what is no JSON as it is. */
function declarationLines(text: string): readonly string[] {
  try {
    return yamlLines(JSON.parse(text));
  } catch {
    return text.split('\n');
  }
}

const yamlLines = (value: unknown): readonly string[] =>
  stringify(value, { lineWidth: 0 }).trimEnd().split('\n');

/** Field by field, always in the same order. */
function specLines(spec: SpecJson): readonly string[] {
  const { driver, vni, subnets, mtu, declaredMtu, internal, allowOverlap, labels } = spec;
  const fields = {
    driver,
    ...(vni === undefined ? {} : { vni }),
    subnets: subnets.map(({ cidr, gateway, range, auxiliary }) => ({
      cidr,
      gateway,
      ...(range === undefined ? {} : { range }),
      ...(Object.keys(auxiliary).length === 0 ? {} : { auxiliary: sorted(auxiliary) }),
    })),
    mtu: declaredMtu ?? `${mtu} (from the nodes)`,
    internal,
    allowOverlap,
    labels: sorted(labels),
  };
  return yamlLines(fields);
}

const sorted = (map: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** `touches 2 endpoints (web on n1, /run/netns/c2 on n2), nodes n1, n2`. */
function touchText({ endpoints, nodes }: NetworkChangeJson): string {
  if (nodes.length === 0) return 'touches no endpoint and no node';
  const shown = endpoints.slice(0, 20).map(({ name, sandbox, node }) => `${name ?? sandbox} on ${node}`);
  const more = endpoints.length > shown.length ? ` and ${endpoints.length - shown.length} more` : '';
  const count = `${endpoints.length} ${endpoints.length === 1 ? 'endpoint' : 'endpoints'}`;
  const who = shown.length === 0 ? '' : ` (${oneLine(shown.join(', '))}${more})`;
  return `touches ${count}${who}, ${nodes.length === 1 ? 'node' : 'nodes'} ${oneLine(nodes.join(', '))}`;
}
