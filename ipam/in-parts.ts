/** Work that can be interrupted: whoever carries it out may do something else at each `yield`. */
export type InParts<T> = Generator<undefined, T, undefined>;

/** Records that are looked at between two of them. */
const recordsInPart = 200;

/** The same items; with an interruption now and then. */
export function* each<T>(items: Iterable<T>, look: (item: T) => void): InParts<void> {
  let count = 0;
  for (const item of items) {
    look(item);
    count += 1;
    if (count % recordsInPart === 0) yield;
  }
}

/** Carries it out in one go. */
export function atOnce<T>(work: InParts<T>): T {
  for (;;) {
    const part = work.next();
    if (part.done === true) return part.value;
  }
}
