import { join } from 'node:path';
import { run } from './run.ts';

export interface Part {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  /** What to type to see or mend this part alone. */
  readonly again: string;
}

const root = join(import.meta.dirname, '..');
const bin = (name: string): string => join('node_modules', '.bin', name);
const shownLines = 40;
const limit = 5 * 60_000;
const atOnce = 2;

/** The parts that need no test to run; the slowest first, so that they overlap well. */
export const staticParts: readonly Part[] = [
  {
    name: 'lint',
    argv: [bin('eslint'), '--max-warnings', '0', '.'],
    again: 'node_modules/.bin/eslint --fix .',
  },
  { name: 'types', argv: [bin('tsc'), '-p', '.'], again: 'node_modules/.bin/tsc -p .' },
  {
    name: 'format',
    argv: [bin('prettier'), '--check', '--log-level', 'warn', '.'],
    again: 'node_modules/.bin/prettier --write .',
  },
  { name: 'import fence', argv: [process.execPath, 'tools/fence.ts'], again: 'npm run fence' },
  { name: 'dead code', argv: [bin('knip'), '--no-progress', '--no-config-hints'], again: 'npm run knip' },
  { name: 'generated code', argv: [process.execPath, 'tools/generated.ts'], again: 'make generate' },
];

/** Runs the parts, two at a time, and says of each how it went. Returns how many failed. */
export async function runParts(parts: readonly Part[]): Promise<number> {
  const queue = [...parts];
  let failed = 0;
  const work = async (): Promise<void> => {
    for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
      const logFile = join('.cache', 'check', `${part.name.replaceAll(' ', '-')}.log`);
      const outcome = await run(part.argv, { cwd: root, logFile: join(root, logFile), limit });
      const took = `${outcome.seconds.toFixed(1)} s`;
      if (outcome.ok) {
        console.log(`ok      ${part.name} (${took})`);
        continue;
      }
      failed += 1;
      const shown = outcome.tail.slice(-shownLines);
      console.log(
        [
          `FAILED  ${part.name} (${took}) ${outcome.cause}`.trimEnd(),
          ...shown.map((line) => `        ${line}`),
          `        the whole of it: ${logFile}; again: ${part.again}`,
        ].join('\n'),
      );
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return failed;
}
