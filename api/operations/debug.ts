import {
  debugDesiredJson,
  debugObservedJson,
  debugPlanJson,
  debugQuery,
  debugViewJson,
} from '../schemas/debug.ts';
import { operation } from './operation.ts';

/** What the agent knows, wants and sees. */
export const debugOperations = {
  debugView: operation({
    summary: 'What this node knows of the store, record by record.',
    query: debugQuery,
    answer: debugViewJson,
    failures: ['INPUT_INVALID', 'NETWORK_NOT_FOUND'],
    call: (service, { query }) => service.debugView(query),
  }),
  debugDesired: operation({
    summary: 'The objects that the kernel of this node should hold, and how far each has come.',
    query: debugQuery,
    answer: debugDesiredJson,
    failures: ['INPUT_INVALID', 'NETWORK_NOT_FOUND'],
    call: (service, { query }) => service.debugDesired(query),
  }),
  debugObserved: operation({
    summary: 'The objects that the kernel of this node holds: it is read for each answer.',
    query: debugQuery,
    answer: debugObservedJson,
    failures: ['INPUT_INVALID', 'NETWORK_NOT_FOUND', 'KERNEL_REFUSED', 'PERMISSION_DENIED'],
    call: (service, { query }) => service.debugObserved(query),
  }),
  debugPlan: operation({
    summary: 'What is to be done so that the kernel holds what it should: it is read for each answer.',
    query: debugQuery,
    answer: debugPlanJson,
    failures: ['INPUT_INVALID', 'NETWORK_NOT_FOUND', 'KERNEL_REFUSED', 'PERMISSION_DENIED'],
    call: (service, { query }) => service.debugPlan(query),
  }),
} as const;
