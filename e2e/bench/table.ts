/** Figures to print: what they are, columns, rows, and what a reader has to know. The first column is text, others numbers. */
export interface Figures {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly notes?: readonly string[];
}

/** As text: the first column to the left, the others to the right, notes below. */
export function renderFigures({ title, head, rows, notes = [] }: Figures): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    widths
      .map((width, column) => pad(row[column] ?? '', width, column === 0))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [
    title,
    `  ${line(head)}`,
    `  ${rule}`,
    ...rows.map((row) => `  ${line(row)}`),
    ...notes.map((n) => `  ${n}`),
  ]
    .map((text) => `${text}\n`)
    .join('');
}

/** `1,234,567`: whole numbers for people. `-` for what could not be computed. */
export function whole(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString('en-US') : '-';
}

/** With a fixed number of digits after the point. `-` for what could not be computed. */
export function fixed(value: number, digits = 1): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '-';
}

/** What a figure is against its aim: `met`, or `missed` and by how much. `less`: the smaller, the better. */
export function verdict(value: number, aim: number, better: 'less' | 'more'): string {
  if (!Number.isFinite(value)) return 'not measured';
  const met = better === 'less' ? value <= aim : value >= aim;
  return met ? 'met' : `missed (x${fixed(value / aim, 2)})`;
}

function pad(text: string, width: number, left: boolean): string {
  return left ? text.padEnd(width) : text.padStart(width);
}
