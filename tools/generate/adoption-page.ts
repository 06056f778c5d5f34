/** Writes docs/reference/adoption.md from the tables of what is compared, and how the kernel comes from one value to another. */
import { writeFileSync } from 'node:fs';
import { adoptions, type Adoption } from '../../linux/adoption.ts';

const titles: readonly (readonly [of: string, title: string])[] = [
  ['netns', 'Network namespace'],
  ['bridge', '`br0`'],
  ['vxlan', '`vxlan0`'],
  ['veth', 'Pair of an endpoint'],
  ['port', 'Port of the bridge: `vxlan0`, and one end of each pair'],
  ['fdb', 'FDB entry of `vxlan0`'],
  ['neighbour', 'Neighbour entry'],
  ['address', 'Address'],
  ['route', 'Route'],
  ['sysctl', 'Setting (sysctl)'],
];

const words: Readonly<Record<Adoption['how'], string>> = {
  'in place': 'changed in place',
  replace: 'replaced',
  'left alone': 'left alone',
};

function table(of: string): string {
  const rows = adoptions
    .filter((row) => row.of === of)
    .map(({ attribute, how, why }) => `| \`${attribute}\` | ${words[how]} | ${why} |`);
  return `| attribute | what is done | why |\n|---|---|---|\n${rows.join('\n')}`;
}

const known = new Set(titles.map(([of]) => of));
const untold = adoptions.find(({ of }) => !known.has(of));
if (untold !== undefined) throw new Error(`the page has no place for ${untold.of} ${untold.attribute}`);

writeFileSync(
  'docs/reference/adoption.md',
  `# Adoption: what is found otherwise

Generated from \`linux/adoption.ts\`, \`linux/plan/change-table.ts\` and \`linux/netlink/codec/device-options.ts\`; \`make generate\`
writes it again.

An agent that starts reads the kernel and compares it with what it wants. What is as wanted stays untouched; a healthy node sees no
write. What an earlier version or another declaration has left otherwise, or somebody has changed, is **changed in place** where the
kernel can, or **replaced**: deleted and made anew, with everything that stands on it. The same holds for drift under a running agent.

What goes with a replaced object is made again in the same pass: entries of \`vxlan0\` with \`vxlan0\`, addresses and routes of a
sandbox with its interface. An option that a kernel does not show is one that it does not have, and is not asked for.

**How long nothing gets through**, with a thousand pings a second, is printed by \`make bench\` (\`node e2e/bench/main.ts --only
adoption\`) for each row, beside a pass that finds nothing to do; [figures.md](figures.md#what-an-earlier-life-has-left-adoption) has
the outcome. A test on the real kernel goes over every row: it changes the live attribute by \`ip\` and \`bridge\`, lets one pass run,
and compares the whole of both namespaces and the index of every device.

${titles.map(([of, title]) => `## ${title}\n\n${table(of)}`).join('\n\n')}
`,
);
