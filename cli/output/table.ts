/** Rows below headers, columns as wide as their widest cell; an empty cell is shown as `-`. */
export function table(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [headers, ...rows.map((row) => row.map((cell) => oneLine(cell) || '-'))];
  return align(cells);
}

/** `key  value` lines; a list as value gives one line for each. Absent values are left out. */
export function details(
  pairs: readonly (readonly [string, string | readonly string[] | undefined])[],
): string {
  const lines = pairs.flatMap(([key, value]) => {
    const values = typeof value === 'string' ? [value] : (value ?? []);
    return values.map((text, i) => [i === 0 ? key : '', oneLine(text)]);
  });
  return align(lines);
}

function align(cells: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of cells) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  return cells
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** What others wrote into the store must not move the cursor of this terminal. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\x00-\x1f\x7f-\x9f]/g, '?');
}
