import type { Machine } from '../simulation/machine.ts';
import type { Counts, Point } from './point.ts';

/** Milliseconds after which a request arrives that nobody waits for any more. */
const late = 3000;

/** Counts what an agent does from now on, and interrupts it at one place. */
export class Doors {
  readonly #counts = { transactions: 0, journal: 0, kernel: 0 };

  constructor(machine: Machine, point: Point | undefined) {
    const { running } = machine;
    if (running === undefined) throw new Error(`${machine.name} does not run`);
    const { store, kernel, agent } = running;
    const counts = this.#counts;
    const txn = store.txn.bind(store);
    store.txn = (...asked) => {
      if (point?.door === 'store' && counts.transactions === point.nth)
        store.plan(point.fate === 'late' ? { kind: 'late', ms: late } : { kind: point.fate }, 0);
      counts.transactions += 1;
      return txn(...asked);
    };
    const apply = kernel.apply.bind(kernel);
    if (point?.door === 'kernel') kernel.stepsLeft = point.steps;
    kernel.apply = (steps) => {
      counts.kernel += steps.length;
      return apply(steps);
    };
    const { intents } = agent.operations;
    const line = <T>(write: () => T): T => {
      const nth = counts.journal;
      counts.journal += 1;
      const isMeant = point?.door === 'journal' && point.nth === nth;
      if (isMeant && point.fate === 'crash before') machine.crash();
      const done = write();
      if (isMeant && point.fate === 'crash after') machine.crash();
      return done;
    };
    const begin = intents.begin.bind(intents);
    intents.begin = (intent) => line(() => begin(intent));
    const end = intents.end.bind(intents);
    intents.end = (id, outcome) => {
      // What is not open has no end.
      if (intents.get(id) === undefined) end(id, outcome);
      else
        line(() => {
          end(id, outcome);
        });
    };
  }

  get counts(): Counts {
    return { ...this.#counts };
  }
}
