import { readFileSync } from 'node:fs';
import { WeftError } from '../model/errors.ts';

/** What weftd cannot do without, and its bit in the masks of /proc/PID/status (capabilities(7)). */
const needed = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n } as const;

/** @throws PERMISSION_DENIED naming what is missing. `status`: the text of /proc/self/status. */
export function checkCapabilities(status = readFileSync('/proc/self/status', 'utf8')): void {
  const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const missing = Object.entries(needed).flatMap(([name, bit]) => ((mask >> bit) & 1n ? [] : [name]));
  if (missing.length === 0) return;
  throw new WeftError(
    'PERMISSION_DENIED',
    `weftd programs the kernel and needs to run as root, or with ${missing.join(' and ')}, which it has not`,
    { details: { missing } },
  );
}
