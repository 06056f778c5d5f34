/** The bytes of a written-out dump: on each line hex digits, then two spaces and their meaning. */
export function bytes(dump: string): Uint8Array {
  const digits = dump
    .split('\n')
    .map((line) => line.trim().split('  ', 1)[0] ?? '')
    .join('')
    .replaceAll(' ', '');
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

/** For comparing: Jest prints texts better than arrays. */
export const hex = (body: Uint8Array): string => Buffer.from(body).toString('hex');
