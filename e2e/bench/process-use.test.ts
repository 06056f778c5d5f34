import { expect, test } from '@jest/globals';
import { parseProcessUse, readProcessUse } from './process-use.ts';

const status = 'Name:\tnode\nVmHWM:\t  200000 kB\nVmRSS:\t  102400 kB\nRssAnon:\t 1 kB\n';
const rollup = '00400000-7fff ---p [rollup]\nRss:  102400 kB\nPss:   51200 kB\nPss_Anon:  1 kB\n';

test('memory in MiB and processor time in milliseconds, whatever the process calls itself', () => {
  const stat = '42 (a) b (c) S 1 42 42 0 -1 4194560 5 6 7 8 123 45 0 0 20 0 11 0 999';
  expect(parseProcessUse(status, rollup, stat)).toEqual({ rss: 100, pss: 50, cpuMs: 1680 });
});

test('a field that is not there is an error, not a zero', () => {
  expect(() => parseProcessUse('Name:\tnode\n', rollup, '')).toThrow('VmRSS');
});

test('reads this very process', () => {
  const { rss, pss, cpuMs } = readProcessUse(process.pid);
  expect(rss).toBeGreaterThan(20);
  expect(pss).toBeLessThanOrEqual(rss + 1);
  expect(cpuMs).toBeGreaterThan(0);
});
