/** How many run side by side: they mostly wait. */
const width = 4;

/** Runs cases side by side, a few at a time, in their order; begins with the first that is asked for. */
export class Lanes<C> {
  readonly #waiting: C[];
  readonly #perform: (each: C) => Promise<void>;
  readonly #outcomes = new Map<C, PromiseWithResolvers<undefined>>();
  #begun = 0;

  constructor(cases: readonly C[], perform: (each: C) => Promise<void>) {
    this.#waiting = [...cases];
    this.#perform = perform;
    for (const each of cases) {
      const outcome = Promise.withResolvers<undefined>();
      // It may fail before anybody asks for it.
      outcome.promise.catch(() => undefined);
      this.#outcomes.set(each, outcome);
    }
  }

  /** The outcome of one of them. */
  async run(each: C): Promise<void> {
    for (; this.#begun < width; this.#begun += 1) void this.#lane();
    await this.#outcomes.get(each)?.promise;
  }

  async #lane(): Promise<void> {
    for (let each = this.#waiting.shift(); each !== undefined; each = this.#waiting.shift()) {
      const outcome = this.#outcomes.get(each);
      await this.#perform(each).then(
        () => outcome?.resolve(undefined),
        (error: unknown) => outcome?.reject(error),
      );
    }
  }
}
