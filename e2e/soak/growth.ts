import { median } from '../bench/statistics.ts';

/** How far a reading may rise between the second quarter of a run and its last, besides `slack` in its own unit. */
const share = 0.15;

/** What became of a reading over a run: the first quarter is for warming up. */
export interface Growth {
  readonly early: number;
  readonly late: number;
  readonly grows: boolean;
}

/** Compares the second quarter of the readings with the last one. Fewer than eight readings say nothing. */
export function judgeGrowth(readings: readonly number[], slack: number): Growth {
  const quarter = Math.floor(readings.length / 4);
  const early = median(readings.slice(quarter, 2 * quarter));
  const late = median(readings.slice(readings.length - quarter));
  return { early, late, grows: quarter >= 2 && late > early * (1 + share) + slack };
}
