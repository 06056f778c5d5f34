import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ObjectSet } from '../objects/object-set.ts';
import { plan } from './plan.ts';
import { printPlan } from './print.ts';
import { parseObject } from './story-objects.ts';

/**
 * Stories are blocks separated by blank lines. A block is a command with its input lines; `plan` has its expected output
 * after `----`. Lines that start with `#` are for the reader.
 *
 *     desired        the desired state is exactly these objects
 *     observed       the observed state is exactly these objects
 *     want / unwant  adds to, or takes from, the desired state
 *     found / lost   adds to, or takes from, the observed state
 *     applied        the observed state becomes the desired state
 *     plan           prints the plan; `plan keys` compares only the objects listed
 *
 * `STORIES=rewrite` writes the answers into the files: read the diff.
 */
const folder = join(import.meta.dirname, 'testdata');
const files = readdirSync(folder).filter((f) => f.endsWith('.txt'));

test('there are stories', () => {
  expect(files.length).toBeGreaterThanOrEqual(8);
});

test.each(files)('story %s', (file) => {
  const path = join(folder, file);
  const told = readFileSync(path, 'utf8');
  const answer = tell(told);
  if (process.env['STORIES'] === 'rewrite') writeFileSync(path, answer);
  else expect(answer).toBe(told);
});

function tell(story: string): string {
  let desired = new ObjectSet();
  let observed = new ObjectSet();
  const blocks = story
    .trimEnd()
    .split(/\n\n+/)
    .map((block) => {
      const asked = block.split('\n----')[0] ?? '';
      const [command = '', ...input] = asked.split('\n').filter((l) => l !== '' && !l.startsWith('#'));
      const objects = input.map(parseObject);
      switch (command) {
        case '':
          return block;
        case 'desired':
          desired = new ObjectSet(objects);
          return asked;
        case 'observed':
          observed = new ObjectSet(objects);
          return asked;
        case 'want':
          for (const o of objects) desired.put(o);
          return asked;
        case 'unwant':
          for (const o of objects) expect(desired.delete(o)).toBe(true);
          return asked;
        case 'found':
          for (const o of objects) observed.put(o);
          return asked;
        case 'lost':
          for (const o of objects) expect(observed.delete(o)).toBe(true);
          return asked;
        case 'applied':
          observed = new ObjectSet(desired);
          return asked;
        case 'plan':
          return `${asked}\n----\n${printPlan(plan(desired, observed))}`.trimEnd();
        case 'plan keys':
          return `${asked}\n----\n${printPlan(plan(desired, observed, objects))}`.trimEnd();
        default:
          throw new Error(`no command: ${command}`);
      }
    });
  return `${blocks.join('\n\n')}\n`;
}
