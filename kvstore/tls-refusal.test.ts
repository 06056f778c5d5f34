import type { PeerCertificate } from 'node:tls';
import { expect, test } from '@jest/globals';
import { tlsRefusal } from './tls-refusal.ts';

const shown = {
  subject: { O: 'Etcd', CN: 'etcd-1' },
  issuer: { CN: 'ca-1' },
  subjectaltname: 'DNS:etcd-1, IP Address:10.0.0.1',
  valid_from: 'Jan  1 00:00:00 2026 GMT',
  valid_to: 'Jan  1 00:00:00 2027 GMT',
} as unknown as PeerCertificate;
const named =
  'O=Etcd, CN=etcd-1, issued by CN=ca-1, for DNS:etcd-1, IP Address:10.0.0.1, ' +
  'valid from Jan  1 00:00:00 2026 GMT to Jan  1 00:00:00 2027 GMT';
const reason = (code: string, facts = {}): string | undefined =>
  tlsRefusal({ code, host: '10.0.0.9', shown, ownCa: true, ownCert: true, ...facts });

test.each([
  ['CERT_HAS_EXPIRED', `the server's certificate, or one that vouches for it, has expired: ${named}`],
  ['CERT_NOT_YET_VALID', `the server's certificate, or one that vouches for it, is not valid yet: ${named}`],
  ['ERR_TLS_CERT_ALTNAME_INVALID', `the server's certificate is not for 10.0.0.9: ${named}`],
  [
    'SELF_SIGNED_CERT_IN_CHAIN',
    `the authorities in storeCaFile do not vouch for the server's certificate (SELF`,
  ],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'do not vouch'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'do not vouch'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'do not vouch'],
  ['CERT_SIGNATURE_FAILURE', 'do not vouch'],
  ['INVALID_PURPOSE', 'do not vouch'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'does not speak TLS'],
  ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'does not accept our client certificate'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'does not accept our client certificate'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'does not accept our client certificate'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'refuses our kind of TLS'],
])('%s is a refusal', (code, words) => {
  expect(reason(code)).toContain(words);
});

test('it says what is not set', () => {
  expect(reason('UNABLE_TO_VERIFY_LEAF_SIGNATURE', { ownCa: false })).toMatch(
    /^the authorities that this system trusts do not vouch/,
  );
  expect(reason('ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', { ownCert: false })).toContain(
    'wants a client certificate, and none is set in storeCertFile',
  );
});

test.each([{ shown: null }, { shown: {} }])('a server that has shown nothing: %j', (facts) => {
  expect(reason('CERT_HAS_EXPIRED', facts)).toMatch(/: it shows none$/);
});

test('a certificate without names says so', () => {
  const bare = { ...shown, subject: {}, subjectaltname: undefined };
  expect(reason('CERT_HAS_EXPIRED', { shown: bare })).toContain('nobody, issued by CN=ca-1, for no name');
});

test.each(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'socket hang up'])(
  '%s is loss of contact, which waiting can mend',
  (code) => {
    expect(reason(code)).toBeUndefined();
  },
);
