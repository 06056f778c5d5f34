import { describe, expect, test } from '@jest/globals';
import { createColors } from 'picocolors';
import { pingReport, type PingRow } from './ping-report.ts';

const row = (from: string, to: string, change: Partial<PingRow> = {}): PingRow => ({
  from,
  to,
  network: 'blue',
  address: '10.7.0.2',
  expected: 'reachable',
  reached: true,
  ms: 0.123,
  why: '',
  ok: true,
  ...change,
});
const silent = { expected: 'isolated', reached: false, ok: true } as const;
const v6 = { address: 'fd00:7::2', ms: 12.4 };
const plain = (rows: readonly PingRow[], tunnels: Parameters<typeof pingReport>[1] = []): string =>
  pingReport(rows, tunnels, createColors(false));

describe('the report of a ping', () => {
  test('shows every pair with both families, in natural order', () => {
    const rows = [
      row('h10/c1', 'h2/c1'),
      row('h10/c1', 'h2/c1', v6),
      row('h2/c1', 'h10/c1'),
      row('h2/c1', 'h10/c1', v6),
    ];
    expect(plain(rows, [{ host: 'h2', network: 'blue', sent: 4, received: 4, ok: true }])).toBe(`\
To network blue (milliseconds, IPv4/IPv6; - no answer; ! not as expected)
        h2/c1    h10/c1
h2/c1   .        0.12/12
h10/c1  0.12/12  .

Packets through the tunnels meanwhile
  h2 blue: 4 sent, 4 received

Same network, reachable: 4 of 4. Other network, isolated: 0 of 0.`);
  });

  test('keeps silence that was expected apart from silence that was not', () => {
    const lost = row('a', 'b', { reached: false, ok: false, why: 'Network is unreachable' });
    const { ms: _, ...rest } = lost;
    const text = plain([rest, row('c', 'b', silent), row('d', 'b', { expected: 'isolated', ok: false })]);
    expect(text).toContain('a  !-');
    expect(text).toContain('c  -');
    expect(text).toContain('d  !0.12');
    expect(text).toContain('Same network, reachable: 0 of 1. Other network, isolated: 1 of 2.');
    expect(text).toContain('! a -> b 10.7.0.2: expected reachable, did not answer (Network is unreachable)');
    expect(text).toContain('! d -> b 10.7.0.2: expected isolated, answered');
  });

  test('says when there was nothing to prove, and when a tunnel stood still', () => {
    expect(plain([])).toContain('nothing to prove');
    const still = { host: 'h1', network: 'blue', sent: 0, received: 3, ok: false };
    expect(plain([row('a', 'b')], [still])).toContain('! the tunnel of blue on h1 carried nothing');
  });
});
