import type { WeftError } from '../model/errors.ts';
import type { Observation, StepResult } from './kernel.ts';
import { KeyedMap, type TableEntry } from './objects/keyed-map.ts';
import { broughtBy, placesOf } from './objects/kinds.ts';
import { keyOf, type LinuxObject, type ObjectKey } from './objects/object.ts';
import { lossOf } from './objects/loss.ts';
import { ObjectSet } from './objects/object-set.ts';
import type { NetworkScope } from './objects/scope.ts';
import { difference, sameObject } from './plan/change-table.ts';
import type { Step } from './plan/step.ts';

/** A step that the kernel refused. */
export interface Failure {
  readonly step: Step;
  readonly error: WeftError;
}

/**
 * What we believe the kernel holds: the last observation of each network, carried on by the results of our own steps. A plan
 * against it needs no reading. Where a step failed, nobody knows: the network is in doubt until it is observed again.
 */
export class Tracker {
  readonly #believed = new ObjectSet();
  readonly #doubts = new Set<NetworkScope>();
  readonly #failures = new Map<ObjectKey, Failure>();

  /** To be read and not written. */
  get believed(): ObjectSet {
    return this.#believed;
  }

  /** Networks that must be observed before the next plan for them. */
  get doubts(): ReadonlySet<NetworkScope> {
    return this.#doubts;
  }

  /** Steps that failed since their network was observed, by key of the object: what the status shows. */
  get failures(): ReadonlyMap<ObjectKey, Failure> {
    return this.#failures;
  }

  /**
   * The kernel holds this of the network, and nothing else. Ends the doubt. What is the same as an object of `wished` is that
   * object from now on, so that after a restart a large network is not kept twice.
   *
   * @returns one object for each key where we believed otherwise, failed ones included: what to plan for.
   */
  observed(
    scope: NetworkScope,
    { objects }: Pick<Observation, 'objects'>,
    wished: ObjectSet = noObjects,
  ): Iterable<LinuxObject> {
    const surprising = new KeyedMap<LinuxObject>();
    for (const [key, { step }] of this.#failures) {
      if ((this.#believed.networkOf(step.object) ?? scope) !== scope) continue;
      surprising.set(step.object, step.object);
      this.#failures.delete(key);
    }
    let known = 0;
    const others: LinuxObject[] = [];
    objects.forEach((o) => {
      const old = this.#believed.get(o);
      if (old !== undefined) known += 1;
      if (old === undefined || !sameObject(old, o)) others.push(o);
    });
    // The usual case, that nothing has vanished, without looking for it.
    for (const o of known === this.#believed.size ? nothing : this.#believed.ofNetwork(scope)) {
      if (objects.has(o)) continue;
      surprising.set(o, o);
      this.#believed.delete(o);
    }
    for (const o of others) {
      const wish = wished.get(o);
      surprising.set(o, o);
      this.#believed.put(wish !== undefined && sameObject(wish, o) ? wish : o);
    }
    this.#doubts.delete(scope);
    return surprising.values();
  }

  /** Of these entries the kernel holds the ones that were found, as they were found. @returns as `observed` does. */
  looked(entries: readonly TableEntry[], found: ObjectSet): readonly LinuxObject[] {
    const surprising: LinuxObject[] = [];
    for (const entry of entries) {
      const [old, now] = [this.#believed.get(entry), found.get(entry)];
      if (old === undefined ? now === undefined : now !== undefined && sameObject(old, now)) continue;
      surprising.push(now ?? entry);
      if (now === undefined) this.#believed.delete(entry);
      else this.#believed.put(now);
    }
    return surprising;
  }

  /** The kernel answered the steps so. */
  applied(steps: readonly Step[], results: readonly StepResult[]): void {
    steps.forEach((step, i) => {
      const result = results[i];
      if (result?.ok === true) this.#succeeded(step);
      else if (result !== undefined) this.#failed(step, result.error);
    });
  }

  /** Nobody knows what became of these steps, for instance because the call threw. */
  doubt(steps: readonly Step[]): void {
    for (const step of steps) this.#doubtNetworkOf(step.object);
  }

  #succeeded(step: Step): void {
    if (this.#failures.size > 0) this.#failures.delete(keyOf(step.object));
    switch (step.op) {
      case 'create':
        this.#believed.put(step.object);
        for (const o of broughtBy(step.object)) this.#believed.put(o);
        return;
      case 'change': {
        const how = difference(step.from, step.object);
        if (how.kind === 'in place') this.#drop(lossOf(this.#believed, how.loses).gone);
        this.#believed.put(step.object);
        for (const o of broughtBy(step.object, step.from)) this.#believed.put(o);
        return;
      }
      case 'delete': {
        const old = this.#believed.get(step.object) ?? step.object;
        if (old.kind === 'sysctl') return;
        this.#drop(lossOf(this.#believed, placesOf(old)).gone);
        this.#believed.delete(old);
      }
    }
  }

  #failed(step: Step, error: WeftError): void {
    this.#failures.set(keyOf(step.object), { step, error });
    this.#doubtNetworkOf(step.object);
  }

  #doubtNetworkOf(o: LinuxObject): void {
    const scope = this.#believed.networkOf(o);
    if (scope !== undefined) this.#doubts.add(scope);
  }

  #drop(objects: Iterable<LinuxObject>): void {
    for (const o of objects) this.#believed.delete(o);
  }
}

const nothing: readonly LinuxObject[] = [];
const noObjects = new ObjectSet();
