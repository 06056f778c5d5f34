import { fixed } from '../../bench/table.ts';
import type { Recovery } from './story.ts';

/** One line for a test's output. */
export function recoveryText({ story, sent, lost, lostByTouched, gap, pause, converged }: Recovery): string {
  const losses = `${lost.length === 0 ? 'none' : `${lost.length} flows`} lost untouched, ${lostByTouched} of those touched`;
  return (
    `${story}: ${sent} pings, ${losses}; longest time without an answer ${fixed(gap, 0)} ms, ` +
    `without a byte ${fixed(pause, 0)} ms; as it should be after ${fixed(converged)} s`
  );
}
