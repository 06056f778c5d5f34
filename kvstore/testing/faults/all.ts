import { awayCases } from './cases/away.ts';
import type { FaultCase } from './fault-case.ts';
import type { Hands } from './hands.ts';

/** What is tried on every back end, in the order in which it is told. */
export const allCases: readonly FaultCase<Hands>[] = [...awayCases];
