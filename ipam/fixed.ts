import { WeftError } from '../model/errors.ts';
import { ipToBigint, type Ip } from '../model/ip.ts';
import type { Network, Subnet } from '../model/network.ts';
import { contains, hostSpan, prefixFamily } from '../model/prefix.ts';

/**
 * Can an endpoint of the network have this address of the subnet, as far as the declaration goes?
 *
 * @throws ADDRESS_OUTSIDE, or ADDRESS_TAKEN by the gateway or an auxiliary address.
 */
export function checkFixed(network: Network, { prefix, gateway, auxiliary }: Subnet, ip: Ip): void {
  const subject = `address ${ip} of network ${network.name}`;
  const details = { network: network.name, address: ip, subnet: prefix };
  const refuse = (code: 'ADDRESS_OUTSIDE' | 'ADDRESS_TAKEN', why: string): never => {
    throw new WeftError(code, `${subject} ${why}`, { details });
  };
  if (!contains(prefix, ip)) refuse('ADDRESS_OUTSIDE', `lies outside subnet ${prefix}`);
  const span = hostSpan(prefix);
  const value = ipToBigint(ip);
  if (span === undefined || value < span.first) {
    const what = prefixFamily(prefix) === 4 ? 'network' : 'subnet-router anycast';
    refuse('ADDRESS_OUTSIDE', `is the ${what} address of subnet ${prefix}; no endpoint can have it`);
  } else if (value > span.last) {
    refuse('ADDRESS_OUTSIDE', `is the broadcast address of subnet ${prefix}; no endpoint can have it`);
  }
  if (ip === gateway) refuse('ADDRESS_TAKEN', `is the gateway of subnet ${prefix}`);
  for (const [name, kept] of auxiliary) {
    if (ip === kept) refuse('ADDRESS_TAKEN', `is kept out of allocation as auxiliary address ${name}`);
  }
}
