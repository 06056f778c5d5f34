import { createColors } from 'picocolors';
import type { Colors } from 'picocolors/types.js';

/**
 * Colours on a terminal, none in a pipe or a file. NO_COLOR (no-color.org) and FORCE_COLOR overrule that. The package's own
 * guess paints files as well wherever CI is set.
 */
export function colorsFor(
  { isTTY = false }: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): Colors {
  if (env['NO_COLOR']) return createColors(false);
  return createColors(Boolean(env['FORCE_COLOR']) || (isTTY && env['TERM'] !== 'dumb'));
}
