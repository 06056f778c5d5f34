/** Writes docs/reference/metrics.md from the one table of metrics. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { bucketBounds, metrics, type MetricDefinition } from '../../model/metric.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

function row([name, { type, help, labels }]: readonly [string, MetricDefinition]): string {
  const told = Object.entries(labels).map(([label, meaning]) => `\`${label}\`: ${cell(meaning)}`);
  return `| \`${name}\` | ${type} | ${cell(help)}${told.length === 0 ? '' : ` <br> ${told.join('; ')}`} |`;
}

const page = `# Metrics

Generated from \`model/metric.ts\`; \`make generate\` writes it again.

\`GET /metrics\` on the API socket answers in the text format of Prometheus, version 0.0.4. With the setting \`metrics\`, such as
\`metrics: 127.0.0.1:9479\`, the same answer is at that TCP address, to whoever reaches it, and nothing else of the API is.

\`\`\`
curl --unix-socket /run/weft/weftd.sock http://weftd/metrics
\`\`\`

Units are seconds and bytes. No label has the name of a network, an endpoint or an address: there are a few hundred series at
most, however large the cluster is. Gauges are read when somebody asks; only counters and histograms are kept. They begin at
0 with every start of \`weftd\`. The buckets of a histogram end at ${bucketBounds.join(', ')} seconds. A series with labels appears when
it first happens. The three that begin with \`process\` are named as every program names them.

| name | type | meaning, labels |
|---|---|---|
${Object.entries<MetricDefinition>(metrics).map(row).join('\n')}

Worth an alert: \`weft_ready == 0\` for minutes, \`weft_store_standing{standing!="ours"} == 1\`, \`weft_endpoints{state=~"failed|conflict"} > 0\`,
\`weft_nodes{state=~"down|unmanaged"} > 0\`, and a growing \`weft_kernel_refusals_total\` or \`weft_repairs_total\`.
`;

mkdirSync('docs/reference', { recursive: true });
writeFileSync('docs/reference/metrics.md', page);
