import { awayCases } from './cases/away.ts';
import { callCases } from './cases/calls.ts';
import { clockCases } from './cases/clock.ts';
import { cutCases } from './cases/cuts.ts';
import { fullCases } from './cases/full.ts';
import { historyCases } from './cases/history.ts';
import { leaseFaultCases } from './cases/leases.ts';
import { loadCases } from './cases/load.ts';
import { permissionCases } from './cases/permission.ts';
import { silenceCases } from './cases/silence.ts';
import type { FaultCase } from './fault-case.ts';
import type { Hands } from './hands.ts';

/** What is tried on every back end, in the order in which it is told. */
export const allCases: readonly FaultCase<Hands>[] = [
  ...awayCases,
  ...callCases,
  ...cutCases,
  ...silenceCases,
  ...historyCases,
  ...leaseFaultCases,
  ...clockCases,
  ...permissionCases,
  ...fullCases,
  ...loadCases,
];
