import { WeftError } from '../../model/errors.ts';
import { familyOf, type Ip } from '../../model/ip.ts';
import type { Network, Subnet } from '../../model/network.ts';
import { contains, prefixFamily } from '../../model/prefix.ts';

/** One address that is wanted: a fixed one, or the first free one of the subnets in their order. */
export type AddressWish =
  | { readonly subnet: Subnet; readonly fixed: Ip }
  | { readonly anyOf: readonly Subnet[]; readonly fixed?: undefined };

/** The addresses that an endpoint gets: those that it asked for, and one of each family that it did not name. */
export function addressWishes(network: Network, fixed: readonly Ip[]): readonly AddressWish[] {
  const chosen = fixed.map((ip) => ({ subnet: subnetOf(network, ip), fixed: ip }));
  const twice = chosen.find((c, i) => chosen.findIndex((d) => d.subnet === c.subnet) !== i);
  if (twice !== undefined) {
    throw new WeftError(
      'INPUT_INVALID',
      `two addresses were asked for in subnet ${twice.subnet.prefix}; an endpoint has one in each`,
      {
        details: { subnet: twice.subnet.prefix },
      },
    );
  }
  const families = new Set(fixed.map(familyOf));
  const rest = ([4, 6] as const)
    .filter((family) => !families.has(family))
    .map((family) => network.subnets.filter((s) => prefixFamily(s.prefix) === family))
    .filter((anyOf) => anyOf.length > 0);
  return [...chosen, ...rest.map((anyOf) => ({ anyOf }))];
}

function subnetOf(network: Network, ip: Ip): Subnet {
  const subnet = network.subnets.find((s) => contains(s.prefix, ip));
  if (subnet !== undefined) return subnet;
  const all = network.subnets.map((s) => s.prefix).join(', ');
  throw new WeftError(
    'ADDRESS_OUTSIDE',
    `address ${ip} lies in none of the subnets of network ${network.name} (${all})`,
    {
      details: { address: ip, network: network.name },
    },
  );
}

/** Linux interface names: at most 15 bytes (IFNAMSIZ less the terminator), no `/`, no white space; dev_valid_name(). */
const interfaceNamePattern = /^(?!\.{1,2}$)[a-zA-Z0-9_.-]{1,15}$/;

/** @throws INPUT_INVALID, or SANDBOX_BUSY when the wished name exists. */
export function chooseInterfaceName(
  wish: string | undefined,
  existing: ReadonlySet<string>,
  sandbox: string,
): string {
  if (wish !== undefined) {
    if (!interfaceNamePattern.test(wish)) {
      throw new WeftError(
        'INPUT_INVALID',
        `interface name ${JSON.stringify(wish)} must have 1 to 15 letters, digits, "_", "." or "-"`,
      );
    }
    if (wish === 'all' || wish === 'default') {
      const text = `no interface can be called ${wish}: below /proc/sys/net that is the name of what holds for all of them`;
      throw new WeftError('INPUT_INVALID', text, { details: { interface: wish } });
    }
    if (!existing.has(wish)) return wish;
    throw new WeftError('SANDBOX_BUSY', `sandbox ${sandbox} already has an interface ${wish}`, {
      details: { sandbox, interface: wish },
    });
  }
  let n = 0;
  while (existing.has(`eth${n}`)) n += 1;
  return `eth${n}`;
}
