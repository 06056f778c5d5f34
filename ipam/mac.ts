import { familyOf, writeIp, type Ip } from '../model/ip.ts';
import { localMac, type Mac } from '../model/mac.ts';
import { gatewayMac } from '../model/network.ts';
import { spread } from './hash.ts';

/**
 * A MAC for an endpoint with these addresses: 02:57 and the IPv4 address, so that people recognize it; else 02:57 and four
 * bytes spread from the first address. An avoided one is passed over for the next of the same origin.
 */
export function macForAddresses(addresses: readonly Ip[], avoid: ReadonlySet<Mac>): Mac {
  const four = addresses.find((ip) => familyOf(ip) === 4);
  const isFree = (mac: Mac): boolean => mac !== gatewayMac && !avoid.has(mac);
  if (four !== undefined) {
    const bytes = Uint8Array.of(0x57, 0, 0, 0, 0);
    writeIp(four, bytes, 1);
    const mac = localMac(bytes);
    if (isFree(mac)) return mac;
  }
  const origin = four ?? addresses[0] ?? '';
  for (let n = 0; ; n += 1) {
    const hash = Number(spread(`${origin} ${n}`) >> 32n);
    const mac = localMac(Uint8Array.of(0x57, hash >>> 24, hash >>> 16, hash >>> 8, hash));
    if (isFree(mac)) return mac;
  }
}
