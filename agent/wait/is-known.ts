import { keys } from '../../kvstore/keys.ts';
import type { Question } from '../../model/question.ts';
import type { View } from '../view/view.ts';

/**
 * Has the view come to what the question is about? An endpoint counts as known when its node is, since nothing leads to it
 * before.
 */
export function isKnown({ network, matter }: Question, view: View): boolean {
  if (matter.kind === 'no network') return view.networkById(network)?.phase.kind !== 'active';
  const endpoints = view.endpoints(network);
  if (endpoints === undefined || endpoints.state === 'syncing') return false;
  switch (matter.kind) {
    case 'endpoint': {
      const recorded = endpoints.get(keys.endpoint(network, matter.endpoint));
      if (recorded === undefined) return endpoints.revision > matter.revision;
      return recorded.revision >= matter.revision && view.node(recorded.value.node) !== undefined;
    }
    case 'no endpoint': {
      const recorded = endpoints.get(keys.endpoint(network, matter.endpoint));
      if (recorded === undefined) return true;
      return matter.revision > 0 && recorded.revision > matter.revision;
    }
    case 'network': {
      if (endpoints.revision < matter.revision || view.networkStates.revision < matter.state) return false;
      return [...endpoints.records.values()].every(({ value }) => view.node(value.node) !== undefined);
    }
  }
}
