import { ProgressLines, type Screen } from './progress.ts';

/**
 * Shows, while a task takes long, whom it waits for: on a terminal only. `ask` finds out, and may fail; then nothing is shown.
 * `every`: milliseconds.
 */
export async function showAwaited<T>(
  task: Promise<T>,
  ask: () => Promise<readonly string[]>,
  screen: Screen,
  every = 500,
): Promise<T> {
  if (screen.isTTY !== true) return task;
  using lines = new ProgressLines(screen);
  let isOver = false;
  const look = async (): Promise<void> => {
    const names = await ask().catch(() => []);
    if (!isOver) lines.show('awaited', names.length === 0 ? undefined : `waiting for ${names.join(', ')}`);
  };
  const timer = setInterval(() => void look(), every);
  try {
    return await task;
  } finally {
    isOver = true;
    clearInterval(timer);
  }
}
