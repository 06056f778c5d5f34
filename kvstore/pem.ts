import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';

/** A PEM text of certificates, when all of them are whole. @throws Error that says what is wrong with it. */
export function checkCertificates(text: string): string {
  certificatesOf(text);
  return text;
}

/** A certificate, perhaps with those of its issuers behind it, and its key. @throws Error when they are not a pair. */
export function checkPair(cert: string, key: string): { readonly cert: string; readonly key: string } {
  const [own] = certificatesOf(cert);
  if (!own.checkPrivateKey(keyOf(key))) throw new Error('the key is not that of the certificate');
  return { cert, key };
}

function certificatesOf(text: string): readonly [X509Certificate, ...X509Certificate[]] {
  const begun = text.match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0;
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const [first, ...others] = blocks.map((block) => new X509Certificate(block));
  if (first === undefined || blocks.length < begun) {
    throw new Error(
      begun === 0 ? 'there is no PEM certificate in it' : 'a certificate in it is not complete',
    );
  }
  return [first, ...others];
}

function keyOf(text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (error) {
    const { code = 'unknown format' } = error as NodeJS.ErrnoException;
    throw new Error(`the key is no PEM private key without a passphrase (${code})`, { cause: error });
  }
}
