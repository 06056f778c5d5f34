import { join } from 'node:path';
import { WeftError } from '../../model/errors.ts';
import type { Family, Ip } from '../../model/ip.ts';

/** No `-`: otherwise lab `a` could not tell its namespaces from those of lab `a-b`. */
const labPattern = /^[a-z0-9]{1,20}$/;
const sandboxPattern = /^[a-z0-9][a-z0-9-]{0,19}$/;

export const runtimeRoot = '/run/weft-lab';
/** Where `ip netns` looks, so that people can use the lab's namespaces by name. */
export const namespaceRoot = '/run/netns';
export const hostLimit = 64;

/** @throws NAME_INVALID */
export function checkLabName(name: string): string {
  if (labPattern.test(name)) return name;
  throw new WeftError(
    'NAME_INVALID',
    `lab name ${JSON.stringify(name.slice(0, 40))} is not allowed: 1 to 20 lower-case letters and digits`,
    { details: { name } },
  );
}

/** @throws NAME_INVALID */
export function checkSandboxName(name: string): string {
  if (sandboxPattern.test(name)) return name;
  throw new WeftError(
    'NAME_INVALID',
    `sandbox name ${JSON.stringify(name.slice(0, 40))} is not allowed: lower-case letters, digits and "-", at most 20`,
    { details: { name } },
  );
}

export const labDirectory = (lab: string): string => join(runtimeRoot, lab);
export const hostName = (number: number): string => `h${number}`;
/** Namespace of a host (`h1`), of the underlay or of the store, and of a sandbox (`h1-c1`). */
export const namespaceName = (lab: string, what: string): string => `weft-lab-${lab}-${what}`;
export const namespacePath = (name: string): string => join(namespaceRoot, name);

/** Is this one of the namespaces that a lab of this name makes? The lab's parts are known by name alone. */
export function belongsTo(lab: string, namespace: string): boolean {
  return namespace.startsWith(`weft-lab-${lab}-`);
}

/** The lab that made this namespace, by its name. */
export function labOf(namespace: string): string | undefined {
  return /^weft-lab-([a-z0-9]{1,20})-/.exec(namespace)?.[1];
}

/** Addresses of documentation (RFC 5737, RFC 3849): they lead nowhere outside the lab. */
export function underlayAddress(underlay: Family, number: number): Ip {
  return (underlay === 4 ? `192.0.2.${number}` : `2001:db8::${number}`) as Ip;
}
export const underlayPrefixLength = (underlay: Family): number => (underlay === 4 ? 24 : 64);
/** The store's place in the underlay; hosts have 1 to `hostLimit`. */
export const storeNumber = 250;

/** An address as part of a URL (RFC 3986, section 3.2.2). */
export const inUrl = (ip: Ip): string => (ip.includes(':') ? `[${ip}]` : ip);
