import { isIP, type Socket } from 'node:net';
import {
  checkServerIdentity,
  connect,
  getCACertificates,
  type PeerCertificate,
  type TLSSocket,
} from 'node:tls';
import type { Secrets } from './credentials.ts';
import { tlsRefusal } from './tls-refusal.ts';

export interface TlsWish {
  /** The server has to prove that it is this name or address. */
  readonly host: string;
  readonly secrets: Secrets;
  /** What will be spoken, as ALPN calls it. */
  readonly protocol: 'h2' | 'http/1.1';
}

/**
 * TLS on a connection, which may still be under way. Nothing is sent to a server that has not proved who it is.
 *
 * @param failed Hears of the end of a connection that has failed, before anybody else does: with the reason when one of both
 *   sides refuses the other. With TLS 1.3 the server judges our certificate after the handshake has ended for us.
 */
export function connectTls(
  socket: Socket,
  { host, secrets: { ca, cert, key }, protocol }: TlsWish,
  failed: (refusal: string | undefined) => void,
): TLSSocket {
  const secured: TLSSocket = connect({
    socket,
    ca: ca ?? getCACertificates('system'),
    ...(cert === undefined ? {} : { cert, key }),
    // An address is no server name in the sense of TLS.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    checkServerIdentity: (_, shown) => checkServerIdentity(host, shown),
    ALPNProtocols: [protocol],
    minVersion: 'TLSv1.2',
  });
  // Node passes on that the connection has ended, and not why.
  socket.on('error', (error) => secured.destroy(error));
  let shown: PeerCertificate | null = null;
  // First of all, since whom we do not trust is hung up on at once, and his certificate is no longer known then.
  secured.prependOnceListener('secure', () => (shown = secured.getPeerCertificate()));
  secured.on('error', (error: NodeJS.ErrnoException) => {
    const code = codeOf(error);
    failed(tlsRefusal({ code, host, shown, ownCa: ca !== undefined, ownCert: cert !== undefined }));
  });
  return secured;
}

/** Where something waits to be sent, Node tells OpenSSL's error in the text of another one. */
function codeOf({ code, message }: NodeJS.ErrnoException): string {
  const reason = code === 'EPROTO' ? /:SSL routines:[^:]*:([^:]+):/.exec(message)?.[1] : undefined;
  if (reason !== undefined) return `ERR_SSL_${reason.toUpperCase().replaceAll(/[ -]/g, '_')}`;
  return code ?? message;
}
