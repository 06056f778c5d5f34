/** Writes docs/reference/openapi.json: the local API, as its schemas have it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { openApiDocument } from '../../api/openapi.ts';

mkdirSync('docs/reference', { recursive: true });
writeFileSync('docs/reference/openapi.json', `${JSON.stringify(openApiDocument(), undefined, 2)}\n`);
