import { WeftError } from './errors.ts';

declare const brand: unique symbol;
/** VXLAN network identifier, 24 bits (RFC 7348 section 4). */
export type Vni = number & { readonly [brand]: 'Vni' };

export interface VniRange {
  readonly first: number;
  readonly last: number;
}

/** Away from the numbers that Docker (256..), Calico (4096) and flannel (1) use. */
export const defaultVniRange: VniRange = { first: 0x100000, last: 0xfffffe };

/** @throws INPUT_INVALID unless 1 to 16777214. */
export function parseVni(value: number): Vni {
  if (Number.isInteger(value) && value >= 1 && value <= 0xfffffe) return value as Vni;
  throw new WeftError('INPUT_INVALID', `VNI ${value} is not a whole number from 1 to 16777214`, {
    details: { vni: value },
  });
}

/** The VNI that four random bytes choose from the range. */
export function vniFromRandom(range: VniRange, random: number): Vni {
  return parseVni(range.first + (random % (range.last - range.first + 1)));
}
