/** What may become of one transaction. */
export const fates = ['crash before', 'crash after', 'reply lost', 'request lost', 'late'] as const;

/** A place at which an operation of an agent is interrupted, counted from the operation's beginning. */
export type Point =
  /** `crash before`: it is never sent. `crash after`: it is committed, and nobody hears. The others: the caller cannot know. */
  | { readonly door: 'store'; readonly nth: number; readonly fate: (typeof fates)[number] }
  /** The process ends before or after this line is in the journal of intents. */
  | { readonly door: 'journal'; readonly nth: number; readonly fate: 'crash before' | 'crash after' }
  /** The process ends when the kernel has carried out so many steps. */
  | { readonly door: 'kernel'; readonly steps: number }
  /** All is done, and the process ends before it has said so. */
  | { readonly door: 'answer' };

/** How often an operation comes to each door. */
export interface Counts {
  readonly transactions: number;
  readonly journal: number;
  readonly kernel: number;
}

/** Every place at which an operation with so many steps can be interrupted. */
export function pointsOf({ transactions, journal, kernel }: Counts): readonly Point[] {
  const upTo = (end: number): readonly number[] => Array.from({ length: end }, (_, n) => n);
  return [
    ...upTo(transactions).flatMap((nth) => fates.map((fate): Point => ({ door: 'store', nth, fate }))),
    ...upTo(journal).flatMap((nth) =>
      (['crash before', 'crash after'] as const).map((fate): Point => ({ door: 'journal', nth, fate })),
    ),
    ...upTo(kernel).map((steps): Point => ({ door: 'kernel', steps })),
    { door: 'answer' },
  ];
}

export function describePoint(point: Point): string {
  switch (point.door) {
    case 'store':
      return `transaction ${point.nth + 1}: ${point.fate}`;
    case 'journal':
      return `line ${point.nth + 1} of the journal: ${point.fate}`;
    case 'kernel':
      return `crash after ${point.steps} steps of the kernel`;
    case 'answer':
      return 'crash before the answer';
  }
}
