import { expect, test } from '@jest/globals';
import type { Drop } from '../lab/drops.ts';
import type { Losses } from '../lab/flow.ts';
import type { Member } from '../lab/members.ts';
import { faultsOf } from './judged.ts';

const pair = { from: { host: 'h1', sandbox: 'c1' } as Member, address: 'fd00:7::3' };
const losses: Losses = { lost: [12, 13], lostAt: [1000, 2000], remarks: [], duplicates: 0 };
const drop = (time: number, reason: string, where: string): Drop => ({ time, reason, where });

test('what is lost is told, by number', () => {
  expect(faultsOf(pair, losses, [])).toEqual(['h1/c1 -> fd00:7::3: 12, 13']);
  expect(faultsOf(pair, { ...losses, lost: [], lostAt: [] }, [drop(1000, 'NOMEM', 'veth_xmit')])).toEqual([]);
});

test('with it what the kernel gave up at these moments, what ping says, and duplicates', () => {
  const drops = [drop(1990, 'NO_TX_TARGET', 'vxlan_xmit'), drop(5000, 'NOMEM', 'veth_xmit')];
  const all = { ...losses, remarks: ['ping: sendmsg: No route to host'], duplicates: 2 };
  expect(faultsOf(pair, all, drops)).toEqual([
    'h1/c1 -> fd00:7::3: 12, 13; ping: sendmsg: No route to host; dropped meanwhile: NO_TX_TARGET in vxlan_xmit',
    'h1/c1 -> fd00:7::3: 2 duplicates',
  ]);
});
