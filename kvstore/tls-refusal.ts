import type { PeerCertificate } from 'node:tls';

/** How far a TLS connection came before it failed. */
export interface TlsFailure {
  /** Node's or OpenSSL's word for what is wrong: `CERT_HAS_EXPIRED`. */
  readonly code: string;
  /** Name or address that the server has to prove. */
  readonly host: string;
  /** What `getPeerCertificate` answers: null or empty when the server has shown none. */
  readonly shown: Partial<PeerCertificate> | null;
  /** Did we say which authorities to trust, or does the system? */
  readonly ownCa: boolean;
  /** Did we have a certificate to show? */
  readonly ownCert: boolean;
}

/**
 * Why there will be no trust between a server and us, whoever of both says so. Undefined for what is mere loss of contact:
 * waiting can mend that.
 */
export function tlsRefusal({ code, host, shown, ownCa, ownCert }: TlsFailure): string | undefined {
  const certificate = describe(shown);
  const authorities = ownCa ? 'the authorities in storeCaFile' : 'the authorities that this system trusts';
  const alert = /^ERR_SSL_.*_ALERT_(.*)$/.exec(code)?.[1];
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return `the server's certificate, or one that vouches for it, has expired: ${certificate}`;
    case 'CERT_NOT_YET_VALID':
      return `the server's certificate, or one that vouches for it, is not valid yet: ${certificate}`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `the server's certificate is not for ${host}: ${certificate}`;
    case 'CERT_REVOKED':
      return `the server's certificate is revoked: ${certificate}`;
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return 'the server does not speak TLS on this port';
  }
  if (alert !== undefined && ofCertificates.test(alert)) {
    return ownCert
      ? `the server does not accept our client certificate in storeCertFile (${code})`
      : `the server wants a client certificate, and none is set in storeCertFile (${code})`;
  }
  if (alert !== undefined && ofProtocols.test(alert)) return `the server refuses our kind of TLS (${code})`;
  if (!untrusted.test(code)) return undefined;
  return `${authorities} do not vouch for the server's certificate (${code}): ${certificate}`;
}

const ofCertificates =
  /^(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(REVOKED|EXPIRED|UNKNOWN|REQUIRED)|UNKNOWN_CA|ACCESS_DENIED)$/;
const ofProtocols = /^(HANDSHAKE_FAILURE|PROTOCOL_VERSION|INSUFFICIENT_SECURITY|NO_APPLICATION_PROTOCOL)$/;
const untrusted =
  /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_.*|CERT_(SIGNATURE_FAILURE|UNTRUSTED|REJECTED|CHAIN_TOO_LONG)|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED)$/;

function describe(shown: TlsFailure['shown']): string {
  if (shown?.subject === undefined) return 'it shows none';
  const { subject, issuer, subjectaltname, valid_from, valid_to } = shown;
  const names = subjectaltname ?? 'no name and no address';
  return `${nameOf(subject)}, issued by ${nameOf(issuer)}, for ${names}, valid from ${String(valid_from)} to ${String(valid_to)}`;
}

const nameOf = (dn: PeerCertificate['subject'] | undefined): string =>
  Object.entries(dn ?? {})
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(', ') || 'nobody';
