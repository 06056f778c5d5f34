import { expect, test } from '@jest/globals';
import { KeyedLock } from './keyed-lock.ts';

test('tasks of one key run one after another, those of two keys side by side, also after a failure', async () => {
  const lock = new KeyedLock();
  const log: string[] = [];
  const ends: (() => void)[] = [];
  const task =
    (name: string, fails = false) =>
    async (): Promise<string> => {
      log.push(`${name} begins`);
      await new Promise<void>((resolve) => ends.push(resolve));
      log.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    };
  const first = lock.run('a', task('a1', true));
  const second = lock.run('a', task('a2'));
  const other = lock.run('b', task('b1'));
  await Promise.resolve();
  expect(log).toEqual(['a1 begins', 'b1 begins']);
  for (let n = 0; n < 2; n += 1) ends.shift()?.();
  await expect(first).rejects.toThrow('a1');
  expect(await other).toBe('b1');
  await Promise.resolve();
  ends.shift()?.();
  expect(await second).toBe('a2');
  expect(log).toEqual(['a1 begins', 'b1 begins', 'a1 ends', 'b1 ends', 'a2 begins', 'a2 ends']);
});
