import { expect, test } from '@jest/globals';
import { blue, found, knownRecords, planned, wanted } from '../api/testing/fake-service.ts';
import { typeWeft } from './testing/type-weft.ts';

const scope = `network:${blue.id}`;

test('the view, record by record', async () => {
  const { stdout, calls } = await typeWeft(['debug', 'view']);
  expect(calls).toEqual([['debugView', { limit: 1000 }]]);
  expect(stdout).toBe(`\
! nodes/9: it is no record
KEY            REVISION  RECORD
networks/blue  7         {"subnets":["10.7.0.0/24"]}
... and 11 more; see --limit
The view is insync.
`);
});

test('the desired state, with what the kernel said', async () => {
  const { stdout, calls } = await typeWeft(['debug', 'desired', '--network', 'blue', '--limit', '2']);
  expect(calls).toEqual([['debugDesired', { network: 'blue', limit: 2 }]]);
  expect(stdout).toBe(`\
# network blue: 30 objects
STATE  OBJECT
done   bridge ${scope} name=br0 mtu=1450
error  neighbour ${scope} dev=vxlan0 ip=10.7.0.9 (retry: cannot create it: ENOBUFS)
... and 28 more; see --limit
`);
});

test('the observed state, with the sandboxes that are gone', async () => {
  expect((await typeWeft(['debug', 'observed'])).stdout).toBe(`\
# network blue: 1 objects
bridge ${scope} name=br0 mtu=1450
# there is no network namespace at /run/netns/c9 any more
`);
});

test('the plan is a script', async () => {
  expect((await typeWeft(['debug', 'plan'])).stdout).toBe(`\
# network blue: 2 steps
ip -n weft-${blue.id} neigh del 10.7.0.9 dev vxlan0
# ... and 1 more; see --limit
`);
  const nothing = { debugPlan: async () => [{ network: 'blue', id: blue.id, total: 0, steps: [] }] };
  expect((await typeWeft(['debug', 'plan'], { answers: nothing })).stdout).toBe('# nothing is to be done\n');
});

test.each([
  ['view', knownRecords],
  ['desired', wanted],
  ['observed', found],
  ['plan', planned],
])('%s as JSON', async (word, answer) => {
  expect(JSON.parse((await typeWeft(['debug', word, '-o', 'json'])).stdout)).toEqual(answer);
});

test('a limit beyond all bounds is refused', async () => {
  const { code, stderr } = await typeWeft(['debug', 'view', '--limit', '200000']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('limit')]);
});
