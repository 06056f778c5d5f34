const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g;

/** An object or a list that is being read, and where in it. */
interface Open {
  readonly path: readonly PropertyKey[];
  readonly seen: Set<string>;
  step: string | number;
}

/** Where objects of this text, which is JSON, have a key that they have already; JSON.parse passes over all but the last. */
export function keysGivenTwice(text: string): readonly (readonly PropertyKey[])[] {
  const found: (readonly PropertyKey[])[] = [];
  const open: Open[] = [];
  let before = '';
  for (const [token] of text.matchAll(tokens)) {
    const inner = open.at(-1);
    if (token === '{' || token === '[') {
      const path = inner === undefined ? [] : [...inner.path, inner.step];
      open.push({ path, seen: new Set(), step: token === '[' ? 0 : '' });
    } else if (token === '}' || token === ']') open.pop();
    else if (inner !== undefined && token === ':') {
      inner.step = JSON.parse(before) as string;
      if (inner.seen.has(inner.step)) found.push([...inner.path, inner.step]);
      inner.seen.add(inner.step);
    } else if (inner !== undefined && token === ',' && typeof inner.step === 'number') inner.step += 1;
    before = token;
  }
  return found;
}
