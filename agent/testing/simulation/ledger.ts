/** What is known of one endpoint from the answers that an operator got. */
export interface Promised {
  readonly machine: string;
  readonly sandbox: string;
  readonly network: string;
  readonly endpoint: string;
  /** Of the network. */
  readonly id: string;
  /** When the answer came. */
  readonly at: number;
}

interface Place {
  /** Operations begun so far; the last one is believed when no other ran beside it. */
  begun: number;
  open: number;
  attached: Promised | undefined;
  detached: string | undefined;
}

/** What operators were promised: an endpoint that was attached stays, and one that was detached is gone. */
export class Ledger {
  readonly #places = new Map<string, Place>();

  /** Begins an operation on a sandbox and a network; the caller tells its outcome to what is returned. */
  begin(machine: string, sandbox: string, network: string) {
    const key = `${machine} ${sandbox} ${network}`;
    const place = this.#places.get(key) ?? { begun: 0, open: 0, attached: undefined, detached: undefined };
    this.#places.set(key, place);
    place.begun += 1;
    const { begun } = place;
    const isAlone = place.open === 0;
    const { attached } = place;
    place.open += 1;
    place.attached = undefined;
    place.detached = undefined;
    const settle = (): boolean => {
      if (this.#places.get(key) !== place) return false;
      place.open -= 1;
      return isAlone && place.begun === begun;
    };
    return {
      attached: (endpoint: string, id: string, at: number): void => {
        if (settle()) place.attached = { machine, sandbox, network, endpoint, id, at };
      },
      detached: (): void => {
        if (settle()) place.detached = attached?.endpoint;
      },
      failed: (): void => {
        settle();
      },
    };
  }

  /** Nothing is promised any more of what fits. */
  forget(fits: (promised: Promised) => boolean): void {
    for (const place of this.#places.values())
      if (place.attached !== undefined && fits(place.attached)) place.attached = undefined;
  }

  /** What is under way on a sandbox has another outcome than its answer says. */
  disturb(machine: string, sandbox: string): void {
    for (const [key, place] of this.#places)
      if (key.startsWith(`${machine} ${sandbox} `) && place.open > 0) place.begun += 1;
  }

  /** A machine's operations are answered no more. */
  crashed(machine: string): void {
    for (const [key, place] of this.#places)
      if (key.startsWith(`${machine} `) && place.open > 0) this.#places.delete(key);
  }

  attached(): readonly Promised[] {
    return [...this.#places.values()].flatMap(({ attached }) => attached ?? []);
  }

  detached(): readonly string[] {
    return [...this.#places.values()].flatMap(({ detached }) => detached ?? []);
  }
}
