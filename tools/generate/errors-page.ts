/** Writes docs/errors.md from the one table of error codes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { errorCodes } from '../../model/errors.ts';

const sections = Object.entries(errorCodes).map(
  ([code, { retry, http, cni, exit, meaning }]) =>
    `## ${code}\n\n${meaning}\n\n| again? | HTTP | CNI | exit |\n|---|---|---|---|\n| ${retry} | ${http} | ${cni} | ${exit} |\n`,
);

const page = `# Errors

Generated from \`model/errors.ts\`; \`make generate\` writes it again.

Every failure has a code. Programs decide by the code and by the word that says whether trying again makes sense, never by
the text: \`transient\` (the same call may succeed later), \`conflict\` (somebody else was first: read again, then decide),
\`terminal\` (this wish will never be granted as it stands), \`bug\` (ours: please report it). HTTP is the status of the local
API, CNI the error code of the plugin, exit the exit code of \`weft\`; \`weft run\` exits with 125 for all of them.

${sections.join('\n')}`;

mkdirSync('docs', { recursive: true });
writeFileSync('docs/errors.md', page);
