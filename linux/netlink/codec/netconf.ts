import { af, netconfa, netconfAll } from './constants.ts';
import { readAttributes, readU32, readU8 } from './reader.ts';

/** Settings that a notice names: the path below /proc/sys, with `<dev>` where the interface `dev` stands, and the value. */
export interface NetconfRow {
  /** undefined: of the namespace as a whole. */
  readonly dev: number | undefined;
  readonly settings: readonly { readonly key: (dev: string) => string; readonly value: string }[];
}

/** Reads the body of an RTM_NEWNETCONF message; only the settings that we own are told. (Few settings have notices at all.) */
export function readNetconf(body: Uint8Array): NetconfRow {
  const family = readU8(body);
  const attributes = readAttributes(body, 4);
  const index = readU32(attributes.get(netconfa.ifindex));
  const dev = index === netconfAll ? undefined : index;
  const settings: { key: (dev: string) => string; value: string }[] = [];
  const add = (attribute: number, key: (dev: string) => string): void => {
    const value = attributes.get(attribute);
    if (value !== undefined) settings.push({ key, value: String(readU32(value) | 0) });
  };
  if (family === af.inet) {
    if (dev === undefined) add(netconfa.forwarding, () => 'net/ipv4/ip_forward');
    add(netconfa.rpFilter, (name) => `net/ipv4/conf/${name}/rp_filter`);
  } else if (family === af.inet6 && dev === undefined) {
    add(netconfa.forwarding, () => 'net/ipv6/conf/all/forwarding');
  }
  return { dev, settings };
}
