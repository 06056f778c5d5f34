/** FNV-1a, 64 bit, of a text's UTF-16 units: spreads, protects against nothing. */
export function spread(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i += 1) {
    hash = ((hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  return hash;
}
