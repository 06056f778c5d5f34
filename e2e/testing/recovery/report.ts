import { fixed } from '../../bench/table.ts';
import type { Recovery } from './story.ts';

/** One line for a test's output. */
export function recoveryText(recovery: Recovery): string {
  const { story, sent, lost, lostByMachine, lostByTouched, gap, pause, converged } = recovery;
  const losses = `${lost.length === 0 ? 'none' : `${lost.length} flows`} lost untouched, ${lostByTouched} of those touched`;
  const machine =
    lostByMachine.length === 0 ? '' : `, for want of room in the kernel: ${lostByMachine.join('; ')}`;
  return (
    `${story}: ${sent} pings, ${losses}${machine}; longest time without an answer ${fixed(gap, 0)} ms, ` +
    `without a byte ${fixed(pause, 0)} ms; as it should be after ${fixed(converged)} s`
  );
}
