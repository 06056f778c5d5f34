/** Writes docs/reference/ipam-compared.md from the cases that agent/addresses/compared.test.ts runs. */
import { writeFileSync } from 'node:fs';
import type { Case, Outcome, Step, SubnetWish } from '../../ipam/testing/compared/case.ts';
import { topics } from '../../ipam/testing/compared/topics.ts';

const code = (text: string): string => `\`${text}\``;

function subnetText(subnet: SubnetWish): string {
  if (typeof subnet === 'string') return code(subnet);
  const { cidr, gateway, range, auxiliary = {} } = subnet;
  const parts = [
    ...(gateway === undefined ? [] : [`gateway ${code(gateway)}`]),
    ...(range === undefined ? [] : [`range ${code(range)}`]),
    ...Object.entries(auxiliary).map(([name, ip]) => `auxiliary ${code(`${name}=${ip}`)}`),
  ];
  return [code(cidr), ...parts].join(', ');
}

function stepText(step: Step): string {
  if ('detach' in step) return `detach ${step.detach}`;
  return [`attach ${step.attach}`, ...(step.addresses ?? []).map((ip) => code(ip))].join(' ');
}

function inputText({ subnets, before, steps = [] }: Case): string {
  return [
    ...(before === undefined ? [] : [`another network: ${before.map(subnetText).join('; ')}`]),
    subnets.map(subnetText).join('; '),
    ...(steps.length === 0 ? [] : [steps.map(stepText).join(', ')]),
  ].join('<br>');
}

function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'refused':
      return `refused: ${code(outcome.code)}`;
    case 'attach refused':
      return `refused: ${code(outcome.code)}`;
    case 'gateways':
      return `gateway ${outcome.are.map(code).join(', ')}`;
    case 'room':
      return outcome.is === 1 ? 'one endpoint' : `${outcome.is} endpoints`;
    case 'addresses':
      return `given: ${outcome.are.map(code).join(', ')}`;
    case 'within':
      return `one of ${code(outcome.first)} to ${code(outcome.last)}`;
    case 'nothing to do':
      return 'success';
  }
}

const rowOf = (each: Case): string =>
  `| ${each.wish} | ${inputText(each)} | ${each.docker} | ${each.hostLocal} | ${outcomeText(each.weft)} | ${each.why ?? ''} |`;

const sections = topics.map(
  ({ title, cases }) =>
    `## ${title}\n\n| asked | declared, and done | Docker | host-local | Weft | why |\n|---|---|---|---|---|---|\n${cases.map(rowOf).join('\n')}\n`,
);

const page = `# Addresses, compared with Docker and CNI host-local

Generated from \`ipam/testing/compared/\`; \`make generate\` writes it again. \`agent/addresses/compared.test.ts\` declares, attaches
and detaches what stands here, and expects what stands under *Weft*.

Docker: \`docker network create\` and \`docker network connect\` with the default IPAM driver, by their
[documentation](https://docs.docker.com/reference/cli/docker/network/create/) and, where that is silent, libnetwork's \`defaultipam\` of version 28;
errors in its words. host-local: the IPAM plugin of the CNI project, by its
[documentation](https://www.cni.dev/plugins/current/ipam/host-local/) and its allocator, version 1.7. The column *why* says what decides where they differ.

${sections.join('\n')}`;

writeFileSync('docs/reference/ipam-compared.md', page);
