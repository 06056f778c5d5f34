import type { Store } from '../../store.ts';

/** What every case is given: data of its own in a real store, and its clients. */
export interface Ground extends AsyncDisposable {
  /** The client under test. What breaks the way to the store breaks it for this one. */
  readonly store: Store;
  /** Reaches the store as long as there is one. */
  readonly witness: Store;
  /** `level message` of each line that `store` has logged, debug aside. */
  readonly lines: readonly string[];
  /** One more client that reaches the store as `witness` does. It ends with the ground. */
  another(): Promise<Store>;
}

/** A ground with the hands that the case asked for. `H`: what hands there are. */
export interface Scene<H> extends Omit<Ground, typeof Symbol.asyncDispose> {
  readonly hands: H;
  /** The long form has more rounds and longer outages; the short one has the same guarantees. */
  readonly long: boolean;
  /** Another ground with hands of its own, for things that are tried side by side. It ends with the case. */
  fork(): Promise<Scene<H>>;
}

/** One thing that goes wrong, and what is promised all the same. The same for every back end. */
export interface FaultCase<H> {
  /** Unique; a sentence that says what is promised. */
  readonly name: string;
  readonly needs: readonly (keyof H & string)[];
  /** So much work that others beside it would wait for their answers. */
  readonly heavy?: true;
  /** Throws when a promise is broken. A text that it returns is a figure, such as `12 attempts in 5 s`. */
  readonly run: (scene: Scene<H>) => Promise<unknown>;
}

/** Makes cases that can use no hand but those they name. */
export const faultFor =
  <H>() =>
  <N extends keyof H & string = never>(
    name: string,
    needs: readonly N[],
    run: (scene: Scene<Pick<H, N>>) => Promise<unknown>,
  ): FaultCase<H> => ({ name, needs, run });

/** What a back end does not have, why, and which case or test covers what could go wrong there instead. */
export interface Exception {
  readonly why: string;
  readonly cover: string;
}

export const exception = (why: string, cover: string): Exception => ({ why, cover });

/** Every hand, or the reason why there is none: a back end that forgets one does not compile. */
export type Offer<H, G> = { readonly [K in keyof H]: Exception | ((ground: G) => H[K]) };

/** One back end under test. */
export interface FaultSubject<H, G extends Ground = Ground> {
  readonly backEnd: 'etcd' | 'Consul' | 'file';
  readonly hands: Offer<H, G>;
  /** Data of its own for one case. */
  ground(): Promise<G>;
  /** Such as `etcd 3.4.23`. */
  version(): Promise<string>;
}
