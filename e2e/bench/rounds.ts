/** One of several ways to do the same, measured once per round. */
export interface Candidate<T> {
  readonly name: string;
  readonly measure: (round: number) => Promise<T>;
}

/**
 * Measures the candidates in turns (A B, B A, A B ...), so that what else the machine does meets all of them alike, and each
 * comes after each. Returns one list per candidate, in the order of the rounds.
 *
 * @throws the first failure, with the candidate's name in front.
 */
export async function alternate<T>(
  rounds: number,
  candidates: readonly Candidate<T>[],
  tell: (round: number, name: string) => void = () => undefined,
): Promise<ReadonlyMap<string, readonly T[]>> {
  const results = new Map<string, T[]>(candidates.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, measure } of round % 2 === 0 ? candidates : candidates.toReversed()) {
      tell(round, name);
      try {
        results.get(name)?.push(await measure(round));
      } catch (cause) {
        throw new Error(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
      }
    }
  }
  return results;
}
