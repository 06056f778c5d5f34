import { WeftError } from '../../model/errors.ts';
import type { Place } from '../objects/kind.ts';
import { placesOf, usesOf } from '../objects/kinds.ts';
import { keyOf, type ObjectKey } from '../objects/object.ts';
import type { Step } from './step.ts';

/**
 * Remembers the refused steps of one apply, so that the steps that need their objects are not tried in vain. Both kernels
 * ask it before every step.
 */
export class Refusals {
  readonly #places = new Map<Place, Step>();
  readonly #keys = new Map<ObjectKey, Step>();

  /** The step was refused, by the kernel or because of another. A refused change leaves its object as it was. */
  add(step: Step): void {
    if (step.op === 'change') return;
    this.#keys.set(keyOf(step.object), step);
    for (const place of placesOf(step.object)) if (!isShared(place)) this.#places.set(place, step);
  }

  get isEmpty(): boolean {
    return this.#keys.size === 0;
  }

  /** The error of a step that needs what an earlier one should have made or cleared away. */
  blocking(step: Step): WeftError | undefined {
    if (this.isEmpty || step.op === 'delete') return undefined;
    const key = keyOf(step.object);
    const places = [...usesOf(step.object).map((u) => u.place), ...placesOf(step.object)];
    const cause = this.#keys.get(key) ?? this.#places.get(step.object.scope) ?? this.#firstOf(places);
    if (cause === undefined) return undefined;
    const needed = keyOf(cause.object);
    return new WeftError(
      'KERNEL_REFUSED',
      `cannot ${step.op} ${key}: it needs an earlier step, to ${cause.op} ${needed}, which failed`,
      { details: { key, op: step.op, neededStep: { op: cause.op, key: needed } } },
    );
  }

  #firstOf(places: readonly Place[]): Step | undefined {
    for (const place of places) {
      const step = this.#places.get(place);
      if (step !== undefined) return step;
    }
    return undefined;
  }
}

/** An address family on an interface is there by any one of several addresses. */
function isShared(place: Place): boolean {
  return / ipv[46] \S+$/.test(place);
}
