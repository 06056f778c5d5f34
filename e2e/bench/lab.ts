import { createLab, type Lab, type LabWish } from '../lab/lab.ts';
import { activeNetwork, applyNetwork, attach } from '../lab/call.ts';
import type { AcceptedNetworkJson } from '../../api/schemas/network.ts';
import type { EndpointJson } from '../../api/schemas/endpoint.ts';
import type { Host } from '../lab/host.ts';
import { waitFor } from '../lab/wait.ts';
import type { Bench } from './benchmark.ts';

/** A lab for one benchmark; `word` tells it from the others of this run. Disposing of it removes it. */
export function benchLab(
  bench: Bench,
  word: string,
  wish: Pick<LabWish, 'hosts' | 'store' | 'agents'>,
): Promise<Lab> {
  bench.tell(`${word}: a lab of ${wish.hosts} hosts on ${wish.store}`);
  return createLab({ name: `${bench.prefix}${word}`, underlay: 4, ...wish });
}

/** The subnets of the `n`th network of a benchmark, both families. */
export function subnetsOf(n: number): readonly [string, string] {
  return [`10.${100 + (n >> 8)}.${n & 255}.0/24`, `fd00:100:${n.toString(16)}::/64`];
}

/** The addresses of the `k`th fixed place in the `n`th network. */
export function addressesOf(n: number, k: number): readonly [string, string] {
  return [`10.${100 + (n >> 8)}.${n & 255}.${k}`, `fd00:100:${n.toString(16)}::${k.toString(16)}`];
}

/** Declares the `n`th network and waits until every host knows it. */
export async function declareNetwork(lab: Lab, n: number): Promise<AcceptedNetworkJson> {
  const [first] = lab.hosts;
  if (first === undefined) throw new Error('the lab has no host');
  const name = `net${n}`;
  await applyNetwork(first, name, { subnets: subnetsOf(n) });
  const known = await Promise.all(
    lab.hosts.map((host) =>
      waitFor(`${host.name} to know ${name}`, () => activeNetwork(host, name), { within: 15_000, every: 10 }),
    ),
  );
  return known[0] as AcceptedNetworkJson;
}

/** Attaches a sandbox, made if need be, to the `n`th network at its `k`th place. */
export async function attachAt(host: Host, sandbox: string, n: number, k: number): Promise<EndpointJson> {
  const { namespace } = await host.sandbox(sandbox).ensure();
  return attach(host, { network: `net${n}`, sandbox: namespace, addresses: [...addressesOf(n, k)] });
}
