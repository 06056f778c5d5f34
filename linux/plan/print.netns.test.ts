import { afterEach, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import type { Ip } from '../../model/ip.ts';
import type { NetworkId } from '../../model/network.ts';
import { changes, everything, otherVni, portFdb, scope, vni } from '../kernel-contract-objects.ts';
import { openLinuxKernel } from '../netlink/kernel.ts';
import type { LinuxObject } from '../objects/object.ts';
import { ObjectSet } from '../objects/object-set.ts';
import { namespaceName, networkScope, sandboxScope, type NetworkScope } from '../objects/scope.ts';
import { shellFor } from '../objects/shell.ts';
import { freshDirectory, freshNamespace } from '../testing/fresh-namespace.ts';
import { plan } from './plan.ts';
import { describeStep, printPlan } from './print.ts';
import type { Plan } from './step.ts';

/** Of this process alone: with the names of `ip netns` it is seen by the whole machine. */
const own = networkScope(process.pid.toString(16).padStart(16, 'a') as NetworkId);
const here = <O extends LinuxObject>(o: O): O => {
  if (o.scope !== scope) return o;
  const moved = { ...o, scope: own };
  // Another one's mark would prove it to be somebody else's.
  return moved.kind === 'netns' ? { ...moved, mark: moved.mark.replace(/\w+$/, idOf(own)) } : moved;
};
const idOf = (network: NetworkScope): string => network.slice('network:'.length);

/** Without the word, nothing of iproute2 can say in a sandbox that an address is ours. */
const knowsProtocol = helpOf('ip', 'address', 'help').includes('[ proto ');

function helpOf(program: string, ...args: readonly string[]): string {
  return execFileSync('sh', ['-c', `${program} ${args.join(' ')} 2>&1 || true`], { encoding: 'utf8' });
}

/** Options that are not as we make them. */
const oddities = [
  'ip link set br0 type bridge stp_state 1',
  `ip link set vxlan0 type vxlan id ${vni} ttl 9 learning`,
  'bridge link set dev vxlan0 isolated on',
  `bridge link set dev ${portFdb.dev} hairpin on`,
];

afterEach(() => {
  execFileSync('sh', ['-c', `ip netns del ${namespaceName(own)} 2>/dev/null || true`]);
});

test.each(['by the names of ip netns', 'by paths'])(
  'what a plan prints can be run as it stands: then nothing is left to do, %s',
  async (how) => {
    using directory = freshDirectory();
    using node = freshNamespace();
    using sandbox = freshNamespace();
    node.run('ip', 'link', 'set', 'lo', 'up');
    const netnsDir = how === 'by paths' ? `${directory.path}/a b` : '/run/netns';
    await using stack = new AsyncDisposableStack();
    stack.defer(() => {
      // Of a life that failed half way: the directory cannot go before it.
      const pin = `${netnsDir}/${namespaceName(own)}`;
      execFileSync('sh', ['-c', `umount --lazy '${pin}' 2>/dev/null; rm -f '${pin}'`]);
    });
    const kernel = await openLinuxKernel({ netnsDir, nodeNetns: node.path });
    stack.defer(() => kernel.close());
    const s = sandboxScope(sandbox.path);
    const desired = new ObjectSet();

    const left = async (): Promise<Plan> => plan(desired, (await kernel.observe(own, [s])).objects);
    const run = async (steps: Plan): Promise<void> => {
      const byHand = (step: Plan[number]): boolean =>
        knowsProtocol || step.op === 'delete' || step.object.kind !== 'address' || step.object.scope !== s;
      for (let from = 0; from < steps.length;) {
        const next = steps.findIndex((step, i) => i >= from && !byHand(step));
        const end = next < 0 ? steps.length : next;
        node.run('sh', '-euc', printPlan(steps.slice(from, end), shellFor(netnsDir)));
        const rest = steps.slice(end, end + 1);
        expect(await kernel.apply(rest)).toEqual(rest.map(() => ({ ok: true })));
        from = end + 1;
      }
    };
    const arrive = async (): Promise<void> => {
      const steps = await left();
      expect(steps).not.toEqual([]);
      await run(steps);
      expect([printPlan(steps), (await left()).map(describeStep)]).toEqual([printPlan(steps), []]);
    };

    for (const o of everything(s)) desired.put(here(o));
    await arrive();
    for (const line of oddities) {
      node.run('nsenter', `--net=${netnsDir}/${namespaceName(own)}`, ...line.split(' '));
      await arrive();
    }
    // How a change is said does not depend on how the namespace is reached.
    for (const [, to] of how === 'by paths' ? [] : changes(s)) {
      desired.put(here(to));
      await arrive();
    }
    const port = [...desired].find((o) => o.kind === 'veth');
    const tunnel = [...desired].find((o) => o.kind === 'vxlan');
    if (port === undefined || tunnel === undefined) throw new Error('there are no links');
    desired.put({ ...tunnel, vni: otherVni, local: '192.0.2.1' as Ip });
    await arrive();
    for (const o of [...desired]) if (o.scope === s) desired.delete(o);
    desired.put({ ...port, up: false });
    await arrive();
    for (const o of [...desired])
      if (o.kind !== 'netns' && o.kind !== 'bridge' && o.kind !== 'sysctl') desired.delete(o);
    await arrive();
    for (const o of [...desired]) desired.delete(o);
    await arrive();
    expect(await kernel.observe(own, [s])).toMatchObject({ objects: { size: 0 } });
  },
  30_000,
);
