/** Lines of context around what differs. */
const context = 3;

type Line = readonly [mark: ' ' | '-' | '+', text: string];

/** The difference of two texts, line by line, as `diff -u` shows it below the file names; empty when there is none. */
export function unifiedDiff(before: readonly string[], after: readonly string[]): readonly string[] {
  const lines = compare(before, after);
  const isNear = lines.map((_, i) =>
    lines.slice(Math.max(0, i - context), i + context + 1).some(([mark]) => mark !== ' '),
  );
  const out: string[] = [];
  let [old, now] = [1, 1];
  for (let i = 0; i < lines.length; i += 1) {
    if (isNear[i] === true && isNear[i - 1] !== true) {
      const end = isNear.indexOf(false, i);
      const hunk = lines.slice(i, end < 0 ? lines.length : end);
      out.push(`@@ -${range(old, hunk, '+')} +${range(now, hunk, '-')} @@`);
    }
    const [mark, text] = lines[i] as Line;
    if (isNear[i] === true) out.push(`${mark}${text}`);
    if (mark !== '+') old += 1;
    if (mark !== '-') now += 1;
  }
  return out;
}

/** `3,7`: where it begins and how many lines it has; of none, the line before. */
function range(start: number, hunk: readonly Line[], without: '+' | '-'): string {
  const count = hunk.filter(([mark]) => mark !== without).length;
  return `${count === 0 ? start - 1 : start},${count}`;
}

/** By the longest common subsequence; what goes stands before what comes. Texts of a few hundred lines. */
function compare(before: readonly string[], after: readonly string[]): readonly Line[] {
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push([' ', before[i] as string]);
      i += 1;
      j += 1;
    } else if (j >= after.length || (i < before.length && at(i + 1, j) >= at(i, j + 1))) {
      lines.push(['-', before[i] as string]);
      i += 1;
    } else {
      lines.push(['+', after[j] as string]);
      j += 1;
    }
  }
  return lines;
}
