/** Writes docs/reference/network-changes.md from the one table of what may change of a network. */
import { writeFileSync } from 'node:fs';
import { networkChanges, type FieldChange } from '../../model/network-changes.ts';

const rows = Object.entries<FieldChange>(networkChanges).map(
  ([key, { may, how }]) => `| \`${key}\` | ${may} | ${how} |`,
);

writeFileSync(
  'docs/reference/network-changes.md',
  `# What may change of a network

Generated from \`model/network-changes.ts\`; \`make generate\` writes it again. [network.schema.json](network.schema.json) says the same of each key, and as \`x-weft-change\` for programs.

A later declaration of a network that exists, by \`weft network apply\`, \`weft network edit\` or in the store, changes what may be changed, under
live endpoints and on every node; whatever else it wants otherwise is refused as a whole, with the reason. \`weft network apply --dry-run\`
tells beforehand, and whom it would touch. \`cidr\`, \`gateway\`, \`range\` and \`auxiliary\` are those of a subnet that is there already.

| key | may it change? | what becomes of it, or why not |
|---|---|---|
${rows.join('\n')}
`,
);
