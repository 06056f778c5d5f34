import type {
  Kernel,
  Observation,
  SandboxIdentity,
  StepResult,
  Underlay,
  Watching,
} from '../../linux/kernel.ts';
import type { Namespace } from '../../linux/objects/namespace.ts';
import { ObjectSet } from '../../linux/objects/object-set.ts';
import { isSandbox, type NetworkScope, type SandboxScope } from '../../linux/objects/scope.ts';
import { plan } from '../../linux/plan/plan.ts';
import type { Plan, Step } from '../../linux/plan/step.ts';
import { Tracker } from '../../linux/tracker.ts';
import type { Prefix } from '../../model/prefix.ts';

/** A kernel that is read and not written: every step is answered as done, and whoever looks again finds it done. */
export class DryKernel implements Kernel {
  readonly #real: Kernel;
  readonly #tracker = new Tracker();
  readonly #found = new Map<NetworkScope, ObjectSet>();
  readonly #touched = new Set<NetworkScope>();
  #calls = 0;

  constructor(real: Kernel) {
    this.#real = real;
  }

  /** How many times something was read, or would have been written. */
  get calls(): number {
    return this.#calls;
  }

  /** What would be done about each network that was looked at. */
  plans(): ReadonlyMap<NetworkScope, Plan> {
    const wanted = (scope: NetworkScope): ObjectSet => new ObjectSet(this.#tracker.believed.ofNetwork(scope));
    return new Map(Array.from(this.#found, ([scope, found]) => [scope, plan(wanted(scope), found)]));
  }

  namespaces(): Promise<readonly Namespace[]> {
    return this.#real.namespaces();
  }

  async observe(scope: NetworkScope, sandboxes: readonly SandboxScope[]): Promise<Observation> {
    this.#calls += 1;
    const observation = await this.#real.observe(scope, sandboxes);
    if (!this.#touched.has(scope)) {
      this.#found.set(scope, observation.objects);
      this.#tracker.observed(scope, observation);
    }
    const objects = new ObjectSet(this.#tracker.believed.ofNetwork(scope));
    return { objects, deadSandboxes: observation.deadSandboxes };
  }

  async apply(steps: readonly Step[]): Promise<readonly StepResult[]> {
    this.#calls += 1;
    for (const { object } of steps) if (!isSandbox(object.scope)) this.#touched.add(object.scope);
    for (const { object } of steps) {
      const network = this.#tracker.believed.networkOf(object);
      if (network !== undefined) this.#touched.add(network);
    }
    const results = steps.map((): StepResult => ({ ok: true }));
    this.#tracker.applied(steps, results);
    return results;
  }

  async announce(): Promise<void> {
    this.#calls += 1;
  }

  bootId(): string {
    return this.#real.bootId();
  }

  identify(scope: SandboxScope): SandboxIdentity {
    return this.#real.identify(scope);
  }

  underlay(advertise: string): Promise<Underlay> {
    return this.#real.underlay(advertise);
  }

  watchUnderlay(onChange: () => void): Watching {
    return this.#real.watchUnderlay(onChange);
  }

  routes(): Promise<readonly Prefix[]> {
    return this.#real.routes();
  }

  close(): Promise<void> {
    return this.#real.close();
  }
}
