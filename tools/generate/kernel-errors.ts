/** Writes docs/reference/kernel-errors.md from the one table of what is done about a refusal of the kernel. */
import { writeFileSync } from 'node:fs';
import { errnoClasses, otherwise, type ErrnoClass } from '../../linux/errno-decisions.ts';

const steps = ({ ops, kind }: ErrnoClass): string =>
  [ops?.join(', ') ?? 'all', ...(kind === undefined ? [] : [`of \`${kind}\``])].join(' ');

const rows = errnoClasses.map(
  (line) =>
    `| ${line.says} | ${line.errnos.join(', ')} | ${steps(line)} | **${line.decision}** | ${line.why} |`,
);

writeFileSync(
  'docs/reference/kernel-errors.md',
  `# Refusals of the kernel

Generated from \`linux/errno-decisions.ts\`; \`make generate\` writes it again.

Every step of a plan is answered by the kernel for itself, and one that is refused stops only the steps that need its object.
What is done about a refusal depends on its errno and on the step; the first line that fits decides, and whatever is in none of
them is tried again (**${otherwise}**).

* **news**: things are as wished already; the step has succeeded.
* **retry**: it may pass. The network is read and planned for again, after a pause that grows from 0.2 to 5 seconds.
* **terminal**: as things are, this object will not be. It is shown, the others go on; the compare every five minutes tries again,
  and so does attaching the endpoint once more.
* **ours**: nobody but Weft can have made such a request: a bug, logged as an error. Otherwise as terminal.

\`weft status\` lists what was refused with the kernel's own words, \`weft debug desired\` every object with its state: \`done\`,
\`pending\` (about to be written, or waiting for another one) or \`error\`.

| the kernel says | errno | steps | decision | why |
|---|---|---|---|---|
${rows.join('\n')}
`,
);
