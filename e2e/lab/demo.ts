import { activeNetwork, applyNetwork, attach } from './call.ts';
import type { Lab } from './lab.ts';
import { readMembers, waitProgrammed, type Member } from './members.ts';
import { doStep, silent, type Report } from './report.ts';
import { mapBounded, waitFor } from './wait.ts';

/** The two networks of `weft lab up --demo`. */
export const demoNetworks = [
  { name: 'blue', subnets: ['10.7.0.0/24', 'fd00:7::/64'] },
  { name: 'green', subnets: ['10.8.0.0/24', 'fd00:8::/64'] },
] as const;

/** Names of the sandboxes that each host has in a network. */
export const demoSandboxes = (network: string): readonly string[] => [`${network}1`, `${network}2`];

/**
 * Declares the two networks and attaches two sandboxes per host and network. Run again it finds them: the same sandbox is
 * the same endpoint. Returns every member of the lab once all hosts have programmed them.
 */
export async function setUpDemo(lab: Lab, report: Report = silent): Promise<readonly Member[]> {
  const [first] = lab.hosts;
  if (first === undefined) return [];
  for (const { name, subnets } of demoNetworks) {
    await doStep(report, { step: `network ${name}` }, async () => {
      await applyNetwork(first, name, { subnets });
      for (const host of lab.hosts) {
        await waitFor(`${host.name} to know network ${name}`, () => activeNetwork(host, name), {
          within: 15_000,
        });
      }
      return subnets.join(' + ');
    });
  }
  await mapBounded(lab.hosts, lab.hosts.length, (host) =>
    doStep(report, { step: 'attach sandboxes', host: host.name }, async () => {
      const wanted = demoNetworks.flatMap(({ name }) =>
        demoSandboxes(name).map((sandbox) => ({ name, sandbox })),
      );
      for (const { name, sandbox } of wanted) {
        const { namespace } = await host.sandbox(sandbox).ensure();
        await attach(host, { network: name, sandbox: namespace });
      }
      return `${wanted.length} attached`;
    }),
  );
  const members = await readMembers(lab.hosts);
  await doStep(report, { step: 'wait until every host has programmed them' }, async () => {
    await waitProgrammed(lab.hosts, members);
    return `${members.length} endpoints`;
  });
  return members;
}
