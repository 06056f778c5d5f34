/** Two pools of one network that run out together: an IPv4 and an IPv6 subnet with as many usable addresses each. */
export interface Pool {
  /** As in POST /v1/networks. */
  readonly declaration: Readonly<Record<string, unknown>>;
  /** Every address that an endpoint can have, of both families. */
  readonly usable: readonly string[];
  /** Those that the network keeps for itself. */
  readonly kept: readonly string[];
  /** Endpoints that it has room for. */
  readonly room: number;
}

/**
 * A subnet of each family with `2 ** bits` addresses, counted without any of the product's arithmetic. Of IPv4 the network, the
 * broadcast and the gateway address are left out; of IPv6 the subnet-router anycast address, the gateway and one that is auxiliary.
 */
export function poolOf(bits: number): Pool {
  const size = 2 ** bits;
  const four = (n: number): string => `10.7.0.${n}`;
  const six = (n: number): string => (n === 0 ? 'fd00:7::' : `fd00:7::${n.toString(16)}`);
  const numbers = Array.from({ length: size }, (_, n) => n);
  return {
    declaration: {
      subnets: [
        `${four(0)}/${32 - bits}`,
        { cidr: `${six(0)}/${128 - bits}`, gateway: six(1), auxiliary: { spare: six(2) } },
      ],
    },
    usable: [...numbers.slice(2, -1).map(four), ...numbers.slice(3).map(six)],
    kept: [four(1), six(1), six(2)],
    room: size - 3,
  };
}
