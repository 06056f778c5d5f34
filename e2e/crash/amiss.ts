import { callClasses, type CallClass } from './known-calls.ts';
import type { OperationName } from './operations.ts';
import type { Seen } from './survey.ts';

/** Where the list and what an operation did are at odds; empty: nowhere. */
export function amiss(operation: OperationName, seen: readonly Seen[], store: string): readonly string[] {
  const found = new Set(seen.map(({ kind }) => kind));
  const mayBe = ({ in: always, maybeIn = [] }: CallClass): boolean =>
    [...always, ...maybeIn].includes(operation);
  const here = (kind: CallClass): boolean => kind.store === undefined || kind.store === store;
  return [
    ...[...found]
      .filter((kind) => !mayBe(kind))
      .map(({ name }) => `${operation}: not expected there: ${name}`),
    ...callClasses
      .filter((kind) => here(kind) && kind.in.includes(operation) && !found.has(kind))
      .map(({ name }) => `${operation}: not made any more: ${name}`),
  ];
}
