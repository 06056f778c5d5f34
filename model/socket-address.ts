import { WeftError } from './errors.ts';
import { familyOf, tryParseIp, type Ip } from './ip.ts';

/** Where TCP connections are taken. */
export interface SocketAddress {
  readonly ip: Ip;
  readonly port: number;
}

/** `127.0.0.1:9479`, `[::1]:9479`: names are not looked up. @throws INPUT_INVALID saying what is expected. */
export function parseSocketAddress(text: string): SocketAddress {
  const [, v6, v4, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const ip = tryParseIp(v6 ?? v4 ?? '');
  const port = Number(digits);
  const isFamily = ip !== undefined && familyOf(ip) === (v6 === undefined ? 4 : 6);
  if (isFamily && port >= 1 && port <= 65_535) return { ip, port };
  throw new WeftError(
    'INPUT_INVALID',
    'must be an address and a port, such as 127.0.0.1:9479 or [::1]:9479',
    { details: { address: text } },
  );
}

export function showSocketAddress({ ip, port }: SocketAddress): string {
  return familyOf(ip) === 6 ? `[${ip}]:${port}` : `${ip}:${port}`;
}
