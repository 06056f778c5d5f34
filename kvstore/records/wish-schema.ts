import { z } from 'zod';
import { WeftError } from '../../model/errors.ts';
import { parseIp, type Family, type Ip } from '../../model/ip.ts';
import { namePattern, parseName, type Name } from '../../model/name.ts';
import { networkChanges, type FieldChange } from '../../model/network-changes.ts';
import { mtuRange, type Wish, type WishedSubnet } from '../../model/network-wish.ts';
import { networkLimits } from '../../model/network.ts';
import { parsePrefix, prefixFamily } from '../../model/prefix.ts';
import { parseVni } from '../../model/vni.ts';

/** What the published schema says about a part. */
interface Told {
  readonly description: string;
  readonly examples?: readonly unknown[];
  /** May a later declaration change it? */
  readonly 'x-weft-change'?: FieldChange['may'];
}

/** The same of a key, with what may change of it while the network exists. */
function told<T extends Told>(
  key: keyof typeof networkChanges,
  part: T,
): T & Required<Pick<Told, 'x-weft-change'>> {
  const { may, how } = networkChanges[key];
  const description = `${part.description} Later change: ${may}; ${how}.`;
  return { ...part, description, 'x-weft-change': may };
}

/** The model's parser; its WeftError becomes a problem with a path. */
function attempt<T>(context: z.core.$RefinementCtx, path: readonly string[], parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof WeftError)) throw error;
    context.addIssue({ code: 'custom', message: error.message, path: [...path] });
    return z.NEVER;
  }
}

const text = <T>(meaning: Told, parse: (raw: string) => T) =>
  z
    .string()
    .meta({ ...meaning })
    .transform((raw, context): T => attempt(context, [], () => parse(raw)));

const cidr = text(
  told('cidr', { description: 'The prefix, its host bits zero.', examples: ['10.7.0.0/24', 'fd00:7::/64'] }),
  parsePrefix,
);

const auxiliary = z
  .record(
    z.string().meta({ pattern: namePattern.source }),
    text({ description: 'An address of the subnet.' }, parseIp),
  )
  .meta(
    told('auxiliary', {
      description: 'Addresses kept out of allocation, by name.',
      maxProperties: networkLimits.auxiliary,
    }),
  )
  .transform((object, context): ReadonlyMap<Name, Ip> => {
    const named = ([key, ip]: [string, Ip]): [Name, Ip] => [
      attempt(context, [key], () => parseName('auxiliary address', key)),
      ip,
    ];
    return new Map(Object.entries(object).map(named));
  });

const subnetParts = z.strictObject({
  cidr,
  gateway: text(
    told('gateway', {
      description:
        'First hop inside the network, the same on every node and never given to an endpoint. Default: the first usable address.',
      examples: ['fd00:7::1'],
    }),
    parseIp,
  ).optional(),
  range: text(
    told('range', {
      description: 'Addresses that Weft chooses come from here. Default: the whole prefix.',
      examples: ['fd00:7::100/120'],
    }),
    parsePrefix,
  ).optional(),
  auxiliary: auxiliary.optional(),
});

const subnet = z
  .union([
    cidr.transform((prefix): WishedSubnet => ({ prefix, auxiliary: new Map() })),
    subnetParts.transform(({ cidr: prefix, gateway, range, auxiliary: kept }): WishedSubnet => ({
      prefix,
      ...(gateway === undefined ? {} : { gateway }),
      ...(range === undefined ? {} : { range }),
      auxiliary: kept ?? new Map<Name, Ip>(),
    })),
  ])
  .meta({ description: 'A prefix, or an object that says more about it.' });

const parts = z
  .strictObject({
    $schema: z.string().optional().meta({ description: 'For editors; ignored.' }),
    driver: z
      .enum(['overlay'])
      .default('overlay')
      .meta(told('driver', { description: 'Kind of network. `overlay`: VXLAN.' })),
    subnets: z
      .array(subnet)
      .max(networkLimits.subnets)
      .optional()
      .meta(
        told('subnets', {
          description:
            'Address ranges of the network, IPv4 and IPv6; none may overlap another. An endpoint gets one address of each family, from the first subnet of that family that has one free. Default: the next free IPv4 subnet of the address pools of the cluster.',
        }),
      ),
    ipv4: z
      .boolean()
      .optional()
      .meta(
        told('ipv4', {
          description:
            'Has the network IPv4? If no IPv4 subnet is declared, true means the next free one of the address pools. Default: true where no subnet is declared.',
        }),
      ),
    ipv6: z
      .boolean()
      .optional()
      .meta(
        told('ipv6', {
          description:
            'Has the network IPv6? If no IPv6 subnet is declared, true means the next free one of the address pools, which are unique local addresses unless the cluster was told others. Default: false where no IPv6 subnet is declared.',
        }),
      ),
    mtu: z
      .int()
      .min(mtuRange.first)
      .max(mtuRange.last)
      .optional()
      .meta(
        told('mtu', {
          description:
            'Bytes of the largest IP packet inside; at least 1280 with IPv6. Default: the least MTU of all nodes less what the tunnel adds.',
          examples: [1450],
        }),
      ),
    vni: z
      .int()
      .min(1)
      .max(0xfffffe)
      .meta(
        told('vni', {
          description: 'VXLAN network identifier. Default: a free one of the cluster.',
          examples: [1048577],
        }),
      )
      .transform((raw, context) => attempt(context, [], () => parseVni(raw)))
      .optional(),
    internal: z
      .boolean()
      .default(false)
      .meta(
        told('internal', {
          description:
            'No default route ever leads into the network; there is no way out of any in this version.',
        }),
      ),
    allowOverlap: z
      .boolean()
      .default(false)
      .meta(
        told('allowOverlap', {
          description:
            'Its subnets may overlap other networks, and routes, addresses and name servers of nodes.',
        }),
      ),
    labels: z
      .record(z.string().min(1).max(256), z.string())
      .optional()
      .meta(
        told('labels', {
          description: `Carried, never read by Weft; at most ${networkLimits.labelBytes} bytes in all.`,
          maxProperties: networkLimits.labels,
          examples: [{ team: 'a' }],
        }),
      ),
  })
  .meta({
    title: 'Weft network',
    description: 'Declaration of a network: the value of the store key networks/<name>, in JSON.',
  });

/** The declaration of a network, from JSON to model types. */
export const wishSchema = parts.transform(
  ({ driver, subnets = [], ipv4, ipv6, mtu, vni, internal, allowOverlap, labels }, context): Wish => {
    const isWished = { 4: ipv4 ?? (subnets.length === 0 ? true : undefined), 6: ipv6 };
    const fromPools = ([4, 6] as const).filter((family) => {
      const declared = subnets.find(({ prefix }) => prefixFamily(prefix) === family);
      if (declared !== undefined && isWished[family] === false) addContradiction(context, family, declared);
      return declared === undefined && isWished[family] === true;
    });
    return {
      driver,
      subnets,
      fromPools,
      ...(mtu === undefined ? {} : { mtu }),
      ...(vni === undefined ? {} : { vni }),
      internal,
      allowOverlap,
      labels: new Map(Object.entries(labels ?? {})),
    };
  },
);

function addContradiction(context: z.core.$RefinementCtx, family: Family, { prefix }: WishedSubnet): void {
  const message = `is false, and an IPv${family} subnet is declared, ${prefix}`;
  context.addIssue({ code: 'custom', message, path: [`ipv${family}`] });
}

/** For the published schema: subnets of the address pools, a declared one, and a declaration with everything. */
export const wishExamples: readonly unknown[] = [
  {},
  { ipv6: true },
  { subnets: ['10.7.0.0/24'] },
  {
    driver: 'overlay',
    subnets: [
      '10.7.0.0/24',
      {
        cidr: 'fd00:7::/64',
        gateway: 'fd00:7::1',
        range: 'fd00:7::100/120',
        auxiliary: { router: 'fd00:7::2' },
      },
    ],
    mtu: 1450,
    vni: 1048577,
    internal: false,
    allowOverlap: false,
    labels: { team: 'a' },
  },
];

/** Keys that may stand at a place of the declaration: at its top, or in a subnet. */
export function knownKeys(place: 'top' | 'subnet'): readonly string[] {
  return Object.keys(place === 'top' ? parts.shape : subnetParts.shape);
}
