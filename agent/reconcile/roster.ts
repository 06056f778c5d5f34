import { sandboxScope, type SandboxScope } from '../../linux/objects/scope.ts';
import type { Endpoint, EndpointId } from '../../model/endpoint.ts';
import { mayGiveRoute } from '../../vxlan/default-route.ts';
import type { Recorded } from '../view/collection.ts';
import { whyHomeless } from './endpoint-wish.ts';
import type { NetworkInput } from './pass.ts';

/** An endpoint that a pass looks at, as it was then; without a record it is gone. */
export interface Touched {
  readonly id: EndpointId;
  readonly recorded: Recorded<Endpoint> | undefined;
}

/** Of a network's endpoints: which are of this node, which of them live, and to which of the others nobody can send. */
export class Roster {
  /** With the namespaces that they are attached to. */
  readonly #local = new Map<EndpointId, SandboxScope>();
  /** Of those, the ones whose sandbox is gone, with its path. */
  readonly #dead = new Map<EndpointId, string>();
  /** Of those that live, the ones that may give their sandbox a default route. */
  readonly #givers = new Set<EndpointId>();
  /** Remote ones that nobody could send to yet, and why. */
  readonly #homeless = new Map<EndpointId, string>();

  /** Looks the endpoint up, and notes whether it is ours, whether it lives, and whether there is a way to it. */
  note(id: EndpointId, input: NetworkInput): Touched {
    const recorded = input.endpoint(id);
    const isLocal = recorded?.value.node === input.self.node;
    if (isLocal) this.#local.set(id, sandboxScope(recorded.value.sandbox.path));
    else this.#local.delete(id);
    if (isLocal && !input.lives(recorded.value)) this.#dead.set(id, recorded.value.sandbox.path);
    else this.#dead.delete(id);
    const isGiver = isLocal && !this.#dead.has(id) && input.network !== undefined;
    if (isGiver && mayGiveRoute(input.network, recorded.value)) this.#givers.add(id);
    else this.#givers.delete(id);
    const why = recorded === undefined || isLocal ? undefined : whyHomeless(recorded.value, input);
    if (why === undefined) this.#homeless.delete(id);
    else this.#homeless.set(id, why);
    return { id, recorded };
  }

  /** A network without an endpoint of this node is not programmed. */
  get isEmpty(): boolean {
    return this.#local.size === 0;
  }

  /** Endpoints of this node, dead or alive. */
  get local(): Iterable<EndpointId> {
    return this.#local.keys();
  }

  /** Of those that live. */
  get sandboxes(): readonly SandboxScope[] {
    return [...this.#local].flatMap(([id, scope]) => (this.#dead.has(id) ? [] : [scope]));
  }

  /** May one of them give its sandbox a default route? As long as there is one, the gateway is there. */
  get givesRoutes(): boolean {
    return this.#givers.size > 0;
  }

  /** One of ours whose sandbox is gone: nothing of it is programmed. */
  isDead(id: EndpointId): boolean {
    return this.#dead.has(id);
  }

  /** The path of the sandbox that is gone. */
  lostSandbox(id: EndpointId): string | undefined {
    return this.#dead.get(id);
  }

  /** Why nobody can send to it. */
  whyHomeless(id: EndpointId): string | undefined {
    return this.#homeless.get(id);
  }
}
