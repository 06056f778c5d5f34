/** Writes docs/reference/network.schema.json: what operators put under networks/<name>. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { wishExamples, wishSchema } from '../../kvstore/records/wish-schema.ts';

const schema = {
  ...z.toJSONSchema(wishSchema, { io: 'input', target: 'draft-2020-12' }),
  examples: wishExamples,
};

mkdirSync('docs/reference', { recursive: true });
writeFileSync('docs/reference/network.schema.json', `${JSON.stringify(schema, undefined, 2)}\n`);
