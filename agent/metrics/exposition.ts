import { metrics, type LabelsOf, type MetricName } from '../../model/metric.ts';

/** One line. */
export interface Sample {
  readonly suffix?: '_bucket' | '_sum' | '_count';
  /** As `labelText` writes them, or with a further one behind. */
  readonly labels: string;
  readonly value: number;
}

/** All lines of one metric; several parts of one may come from several places. */
export interface Family {
  readonly name: MetricName;
  readonly samples: readonly Sample[];
}

/** The value of a metric, with its labels, as of now. */
export function reading<N extends MetricName>(name: N, labels: LabelsOf<N>, value: number): Family {
  return { name, samples: [{ labels: labelText(name, labels), value }] };
}

/** `op="create",kind="vxlan"`, in the order of the table. */
export function labelText<N extends MetricName>(name: N, labels: LabelsOf<N>): string {
  const given: Readonly<Record<string, string>> = labels;
  return Object.keys(metrics[name].labels)
    .map((label) => `${label}="${escape(given[label] ?? '')}"`)
    .join(',');
}

/**
 * The text format of Prometheus, version 0.0.4, in the order of the table. A counter without labels that was never counted is 0;
 * what else has no sample is left out.
 */
export function exposition(families: readonly Family[]): string {
  const byName = Map.groupBy(families, (family) => family.name);
  const lines = Object.entries(metrics).flatMap(([name, { type, help, labels }]) => {
    const found = byName.get(name as MetricName)?.flatMap((family) => family.samples) ?? [];
    const isPlain = type === 'counter' && Object.keys(labels).length === 0;
    const samples: readonly Sample[] = found.length === 0 && isPlain ? [{ labels: '', value: 0 }] : found;
    if (samples.length === 0) return [];
    const head = [`# HELP ${name} ${help.replaceAll('\\', '\\\\')}`, `# TYPE ${name} ${type}`];
    return [...head, ...samples.map((sample) => line(name, sample))];
  });
  return `${lines.join('\n')}\n`;
}

function line(name: string, { suffix, labels, value }: Sample): string {
  return `${name}${suffix ?? ''}${labels === '' ? '' : `{${labels}}`} ${String(value)}`;
}

const escape = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
