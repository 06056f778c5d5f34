import { expect, test } from '@jest/globals';
import type { Drop } from '../lab/drops.ts';
import type { Losses } from '../lab/flow.ts';
import type { Member } from '../lab/members.ts';
import { told } from './judged.ts';

const pair = { from: { host: 'h1', sandbox: 'c1' } as Member, address: 'fd00:7::3' };
const losses: Losses = { lost: [12, 13], lostAt: [1000, 2000], remarks: [], duplicates: 0 };
const drop = (time: number, reason: string, where: string): Drop => ({ time, reason, where });

test('what is lost without a word of the kernel is lost', () => {
  expect(told(pair, losses, [])).toEqual({ lost: ['h1/c1 -> fd00:7::3: 12, 13'], byMachine: [] });
  expect(told(pair, { ...losses, lost: [], lostAt: [] }, [])).toEqual({ lost: [], byMachine: [] });
});

test('what is lost at a moment at which the kernel had no room for a packet is told apart', () => {
  const drops = [drop(1030, 'CPU_BACKLOG', 'enqueue_to_backlog'), drop(5000, 'NOMEM', 'veth_xmit')];
  expect(told(pair, losses, drops)).toEqual({
    lost: ['h1/c1 -> fd00:7::3: 13'],
    byMachine: ['h1/c1 -> fd00:7::3: 12; dropped meanwhile: CPU_BACKLOG in enqueue_to_backlog'],
  });
});

test('any other reason of the kernel is a fault, and is named, as is what ping says', () => {
  const { lost, byMachine } = told(
    pair,
    { ...losses, remarks: ['ping: sendmsg: No route to host'], duplicates: 2 },
    [drop(1990, 'VXLAN_NO_REMOTE', 'vxlan_xmit')],
  );
  expect(byMachine).toEqual([]);
  expect(lost).toEqual([
    'h1/c1 -> fd00:7::3: 12, 13; ping: sendmsg: No route to host; dropped meanwhile: VXLAN_NO_REMOTE in vxlan_xmit',
    'h1/c1 -> fd00:7::3: 2 duplicates',
  ]);
});
