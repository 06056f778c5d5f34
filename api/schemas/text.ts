import { z } from 'zod';
import { WeftError } from '../../model/errors.ts';
import { parseIp } from '../../model/ip.ts';
import { parseMac } from '../../model/mac.ts';
import { namePattern, parseName, type Name } from '../../model/name.ts';
import { networkLimits } from '../../model/network.ts';

/** What a schema says about itself in the OpenAPI document. */
interface Told {
  readonly description: string;
  readonly pattern?: string;
  readonly examples?: readonly string[];
}

/** A text that one of the model's parsers turns into a model type; its WeftError becomes a problem with a path. */
function parsed<T>(told: Told, parse: (text: string) => T) {
  return z
    .string()
    .meta({ ...told })
    .transform((text, context): T => {
      try {
        return parse(text);
      } catch (error) {
        if (!(error instanceof WeftError)) throw error;
        context.addIssue({ code: 'custom', message: error.message, params: { code: error.code } });
        return z.NEVER;
      }
    });
}

const name = (what: string) =>
  parsed({ description: `Name of the ${what}.`, pattern: namePattern.source }, (text): Name =>
    parseName(what, text),
  );

export const networkName = name('network');
export const endpointName = name('endpoint');

export const ip = parsed(
  { description: 'An IPv4 or IPv6 address without a prefix length.', examples: ['10.7.0.9', 'fd00:7::9'] },
  parseIp,
);

export const mac = parsed(
  { description: 'A unicast MAC address.', examples: ['02:57:0a:07:00:09'] },
  parseMac,
);

/** dev_valid_name() of the kernel is wider; what it takes beyond this breaks scripts. */
export const interfaceName = z
  .string()
  .regex(/^(?!\.{1,2}$)[a-zA-Z0-9_.-]{1,15}$/, {
    error: ({ input }) =>
      `interface name ${JSON.stringify(input)} must be 1 to 15 letters, digits, "_", "." and "-"`,
  })
  .meta({ description: 'Name of the interface inside the sandbox, at most 15 bytes.' });

/** Labels are for people and their programs; Weft only carries them. */
export const labels = z
  .record(z.string().min(1).max(256), z.string().max(networkLimits.labelBytes))
  .refine((record) => Object.keys(record).length <= networkLimits.labels, {
    message: `must be at most ${networkLimits.labels} labels`,
  })
  .meta({ description: 'Labels: carried, never read by Weft.' })
  .transform((record): ReadonlyMap<string, string> => new Map(Object.entries(record)));

export const shownLabels = z.record(z.string(), z.string());

/** How long the caller waits. */
export const timeout = z
  .int('must be a whole number of milliseconds')
  .min(1, 'must be at least 1 ms')
  .max(600_000, 'must be at most 600000 ms, ten minutes')
  .meta({ description: 'How long to wait, in milliseconds; then TIMEOUT, and the work may go on.' });
