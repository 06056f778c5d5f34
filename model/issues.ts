/** What a schema says of one value: the part that its problems are sorted out by. */
interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
}

/** Of a value of the wrong type that alone is worth saying: zod goes on and measures a text in place of a list as well. */
export function worthSaying<I extends Issue>(issues: readonly I[]): readonly I[] {
  const placeOf = ({ path }: Issue): string => JSON.stringify(path.map(String));
  const wrongTypes = new Set(issues.filter(({ code }) => code === 'invalid_type').map(placeOf));
  return issues.filter((issue) => issue.code === 'invalid_type' || !wrongTypes.has(placeOf(issue)));
}
