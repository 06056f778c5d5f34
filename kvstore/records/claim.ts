import { endpointIdPattern, type Claim, type ClaimKind } from '../../model/endpoint.ts';
import { networkLimits } from '../../model/network.ts';
import { weft } from './generated/weft.js';
import * as record from './record.ts';

const toWire = {
  endpoint: weft.v1.ClaimKind.CLAIM_KIND_ENDPOINT,
  reservation: weft.v1.ClaimKind.CLAIM_KIND_RESERVATION,
  gateway: weft.v1.ClaimKind.CLAIM_KIND_GATEWAY,
  auxiliary: weft.v1.ClaimKind.CLAIM_KIND_AUXILIARY,
} as const satisfies Record<ClaimKind, number>;
const fromWire = new Map(Object.entries(toWire).map(([kind, wire]) => [wire as number, kind as ClaimKind]));

export function encodeClaim(claim: Claim): Uint8Array {
  const { addresses = [] } = claim;
  return weft.v1.Claim.encode({
    ...claim,
    kind: toWire[claim.kind],
    addresses: addresses.map(record.ipBytes),
  }).finish();
}

/** @throws RECORD_INVALID naming the key. */
export function decodeClaim(key: string, value: Uint8Array): Claim {
  return record.decodeRecord(key, value, (bytes) => {
    const raw = weft.v1.Claim.decode(bytes);
    const kind = fromWire.get(raw.kind) ?? record.wrong(`its kind is ${raw.kind}, which nobody knows`);
    const holder = record.plain('holder', raw.holder, 253);
    if (kind === 'endpoint') record.matching('endpoint id', holder, endpointIdPattern);
    const addresses = record.several('addresses', raw.addresses, networkLimits.subnets, (bytes) =>
      record.readIp('address', bytes),
    );
    return {
      kind,
      holder,
      owner: record.plain('owner', raw.owner, 253),
      expiresAt: record.whole('expiry', raw.expiresAt, 0, Number.MAX_SAFE_INTEGER),
      ...(addresses.length === 0 ? {} : { addresses }),
    };
  });
}
