import { startFlow } from '../../lab/flow.ts';
import { mapBounded, waitFor } from '../../lab/wait.ts';
import type { Scene } from '../scene.ts';
import { Ears } from '../announced.ts';
import { goes, nobody, stay, underTraffic, type Recovery } from './story.ts';

/** What moves: never chosen for anybody else, since what is chosen comes from the upper half. */
const fixed = { addresses: ['10.7.0.60', 'fd00:7::60'] };
/** How often an address moves. */
export interface Moves {
  readonly times: number;
  /** How many moves may be slower than `limit`, and none slower than ten seconds: a shared disk stands still now and then. */
  readonly stalls: number;
}

/** Most milliseconds from the answer to an attach until everybody reaches the address where it is now. */
const limit = 1000;

/**
 * An address goes from host to host, while somebody on every host talks to it all the time: beside it, on the host that it has
 * just left, and on a third one; each of them is told by itself where the address is now. `converged` is the longest time from an
 * attach's answer to the next answer of the address, of all talkers and both families, in seconds.
 */
export function addressMoves(scene: Scene, { times, stalls }: Moves): Promise<Recovery> {
  return underTraffic(scene, `an address moves ${times} times`, nobody, async () => {
    const places = scene.hosts.map(({ name }) => name);
    const complaints: string[] = [];
    const slow = new Map<number, string>();
    let longest = 0;
    await scene.join(places[0] ?? '', 'mover', 'blue', fixed);
    await using stack = new AsyncDisposableStack();
    const talkers = scene.hosts.flatMap((host) => fixed.addresses.map((address) => ({ host, address })));
    const flows = await mapBounded(talkers, talkers.length, async ({ host, address }) => {
      const flow = stack.use(await startFlow(host.sandbox(stay).path, address));
      return { name: `${host.name} to ${address}`, flow };
    });
    const ears = stack.use(await Ears.open(scene.hosts.map((host) => host.sandbox(stay))));
    for (let n = 1; n <= times; n += 1) {
      const [from = '', to = ''] = [places[(n - 1) % places.length], places[n % places.length]];
      await scene.leave(from, 'mover', 'blue');
      // Every other time all have let go of it before it comes again; otherwise a host may hear of both at once.
      const isLost = n % 2 === 0;
      if (isLost) await scene.tablesAgree();
      ears.forget();
      const mover = await scene.join(to, 'mover', 'blue', fixed);
      const answered = performance.now();
      await mapBounded(flows, flows.length, async ({ name, flow }) => {
        const before = flow.received;
        const seen = (): boolean => flow.received > before;
        await waitFor(`an answer to ${name} on ${to}`, seen, { within: 10_000, every: 2 });
        const took = performance.now() - answered;
        longest = Math.max(longest, took);
        if (took > limit) slow.set(n, `move ${n}: ${name} on ${to} took ${took.toFixed(0)} ms`);
      });
      // Who hears of both at once changes where frames go and has nothing to tell: there nobody had lost the address.
      if (isLost) await ears.heard(mover);
      const { expected, actual } = await scene.tablesAgree();
      if (JSON.stringify(expected) !== JSON.stringify(actual))
        complaints.push(`move ${n} leaves entries: ${JSON.stringify({ expected, actual })}`);
    }
    if (slow.size > stalls) complaints.push(...slow.values());
    await goes(scene, 'mover');
    for (const host of scene.hosts) await host.sandbox('mover').remove();
    return { converged: longest / 1000, complaints };
  });
}
