import type {
  DebugDesiredJson,
  DebugObservedJson,
  DebugPlanJson,
  DebugViewJson,
} from '../../api/schemas/debug.ts';
import type { AgentService, DebugRequest } from '../../api/service.ts';
import type { Agent } from '../agent.ts';
import { desiredOf, observedOf, planOf } from './objects.ts';
import { recordsOf } from './records.ts';

/** The part of the local API that shows what the agent works with. */
export class DebugService implements Pick<
  AgentService,
  'debugView' | 'debugDesired' | 'debugObserved' | 'debugPlan'
> {
  readonly #agent: Agent;

  constructor(agent: Agent) {
    this.#agent = agent;
  }

  async debugView(request: DebugRequest): Promise<DebugViewJson> {
    return recordsOf(this.#agent, request);
  }

  async debugDesired(request: DebugRequest): Promise<DebugDesiredJson> {
    return desiredOf(this.#agent, request);
  }

  async debugObserved(request: DebugRequest): Promise<DebugObservedJson> {
    return observedOf(this.#agent, request);
  }

  async debugPlan(request: DebugRequest): Promise<DebugPlanJson> {
    return planOf(this.#agent, request);
  }
}
