import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where a certificate and its key are. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateWish {
  /** `IP:127.0.0.1`, `DNS:localhost`. */
  readonly names?: readonly string[];
  /** Until when it is valid, counted from now; less than 0: it has expired. */
  readonly days?: number;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Authorities and certificates made by openssl in a directory of their own, which goes with them. */
export class Certificates implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'weft-tls-'));

  /** An authority, for `issue`. Its certificate is what a client trusts. */
  authority(name: string): Pair {
    const pair = this.#pair(name);
    this.#openssl('req', '-x509', ...newKey, '-keyout', pair.key, '-out', pair.cert, '-subj', `/CN=${name}`);
    return pair;
  }

  /** A certificate for servers and clients; `name` is its common name and names its files. */
  issue(authority: Pair, name: string, { names = [], days = 1 }: CertificateWish = {}): Pair {
    const pair = this.#pair(name);
    const [request, extensions] = [this.path(`${name}.csr`), this.path(`${name}.ext`)];
    const alternative = names.length === 0 ? '' : `subjectAltName=${names.join()}\n`;
    writeFileSync(extensions, `extendedKeyUsage=serverAuth,clientAuth\n${alternative}`);
    this.#openssl('req', ...newKey, '-keyout', pair.key, '-out', request, '-subj', `/CN=${name}`);
    const by = ['-CA', authority.cert, '-CAkey', authority.key, '-CAcreateserial'];
    const out = ['-extfile', extensions, '-days', String(days), '-out', pair.cert];
    this.#openssl('x509', '-req', '-in', request, ...by, ...out);
    return pair;
  }

  /** A pair of keys to sign with, RSA, for tokens. */
  signingKeys(): { readonly privateKey: string; readonly publicKey: string } {
    const [privateKey, publicKey] = [this.path('sign.key'), this.path('sign.pub')];
    this.#openssl('genrsa', '-out', privateKey, '2048');
    this.#openssl('rsa', '-in', privateKey, '-pubout', '-out', publicKey);
    return { privateKey, publicKey };
  }

  path(file: string): string {
    return join(this.directory, file);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #pair(name: string): Pair {
    return { cert: this.path(`${name}.pem`), key: this.path(`${name}.key`) };
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: 'pipe' });
  }
}
