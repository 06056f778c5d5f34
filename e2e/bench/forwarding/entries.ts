import { ipFromBigint, type Ip } from '../../../model/ip.ts';
import { localMac, type Mac } from '../../../model/mac.ts';

/** The remote endpoints of this benchmark by number, the same for all who add them; batch.c counts in the same way. */
export const vteps = 100;

export const macOf = (n: number): Mac => localMac(Uint8Array.of(0x57, 0, n >> 16, n >> 8, n));
export const address = (n: number): Ip => ipFromBigint(4, BigInt(0x0a000010 + n));
export const vtepOf = (n: number): Ip => `192.0.2.${2 + (n % vteps)}` as Ip;
