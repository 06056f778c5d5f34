/**
 * Brings a file onto the disk, one sync at a time: everybody who asks while one is under way shares the next, which covers what all
 * of them have written before they asked.
 */
export class SharedSync {
  readonly #sync: () => Promise<void>;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  /** Resolves when what was written before the call is on the disk. @throws what the sync throws. */
  done(): Promise<void> {
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        this.#running = this.#sync();
        return this.#running;
      });
    return this.#next;
  }

  /** Resolves when nothing of what was asked for so far is under way. */
  async idle(): Promise<void> {
    await (this.#next ?? this.#running).catch(() => undefined);
  }
}
