import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { WeftError } from '../model/errors.ts';

/**
 * Consul's own program, for labs and tests that start a server: `$WEFT_CONSUL`, else what tools/get-consul.sh has brought.
 *
 * @throws KERNEL_MISSING when there is neither.
 */
export function consulProgram(): string {
  const brought = join(import.meta.dirname, '../.cache/consul/usr/bin/consul');
  const program = process.env['WEFT_CONSUL'] ?? brought;
  if (existsSync(program)) return program;
  const text = `there is no Consul at ${program}: run tools/get-consul.sh, or set WEFT_CONSUL to a Consul program`;
  throw new WeftError('KERNEL_MISSING', text, { details: { tool: 'consul', program } });
}
