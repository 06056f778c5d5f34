/**
 * Gives one and the same text for equal ones: records that were read apart from one another do not each hold a copy of what
 * they have in common. Remembers up to `most` texts, and then begins anew.
 */
export function textPool(most: number): <T extends string>(text: T) => T {
  const known = new Map<string, string>();
  return <T extends string>(text: T): T => {
    const found = known.get(text);
    if (found !== undefined) return found as T;
    if (known.size >= most) known.clear();
    known.set(text, text);
    return text;
  };
}
