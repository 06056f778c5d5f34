import { WeftError } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import type { StoreCredentials } from './credentials.ts';
import { KeptFile } from './kept-file.ts';
import { checkCertificates, checkPair } from './pem.ts';

/** Where each secret comes from. An empty text is as good as none. */
export interface CredentialSources {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly user?: string;
  readonly password?: string;
  readonly passwordFile?: string;
  readonly token?: string;
  readonly tokenFile?: string;
}

/**
 * Credentials that are kept in files, each of which may be replaced at any time.
 *
 * @throws INPUT_INVALID when what is set cannot belong together. Files are not read before they are needed.
 */
export function fileCredentials(sources: CredentialSources, logger: Logger): StoreCredentials {
  const problem = contradiction(sources);
  if (problem !== undefined) throw new WeftError('INPUT_INVALID', `credentials of the store: ${problem}`);
  const { caFile, certFile, keyFile, user, password, passwordFile, token, tokenFile } = sources;
  const ca = caFile ? new KeptFile(certificates(caFile), logger) : undefined;
  const pair = certFile && keyFile ? new KeptFile(certificate(certFile, keyFile), logger) : undefined;
  const word = passwordFile ? new KeptFile(line('password', passwordFile), logger) : undefined;
  const ticket = tokenFile ? new KeptFile(line('token', tokenFile), logger) : undefined;
  return {
    read: async () => {
      const secrets = {
        ca: await ca?.read(),
        ...(await pair?.read()),
        user,
        password: (await word?.read()) ?? password,
        token: (await ticket?.read()) ?? token,
      };
      return Object.fromEntries(Object.entries(secrets).filter(([, value]) => value));
    },
  };
}

/** What of this cannot be meant. */
function contradiction(sources: CredentialSources): string | undefined {
  const { certFile, keyFile, user, password, passwordFile, token, tokenFile } = sources;
  if (!certFile !== !keyFile) {
    return certFile
      ? 'a client certificate is set (storeCertFile) but not its key (storeKeyFile)'
      : 'the key of a client certificate is set (storeKeyFile) but not the certificate (storeCertFile)';
  }
  if (password && passwordFile) return 'the password is set twice: by storePasswordFile and by itself';
  if (token && tokenFile) return 'the token is set twice: by storeTokenFile and by itself';
  const hasPassword = Boolean(password) || Boolean(passwordFile);
  if (user && !hasPassword) {
    return `the user ${user} has no password: set storePasswordFile or WEFT_STORE_PASSWORD`;
  }
  return hasPassword && !user ? 'there is a password, but no user (storeUser)' : undefined;
}

const certificates = (path: string) => ({
  what: 'certificates of the authorities',
  paths: [path],
  secret: [],
  parse: ([text = '']: readonly string[]) => checkCertificates(text),
});

const certificate = (certFile: string, keyFile: string) => ({
  what: 'client certificate and key',
  paths: [certFile, keyFile],
  secret: [keyFile],
  parse: ([cert = '', key = '']: readonly string[]) => checkPair(cert, key),
});

/** One line; the end of the line does not count. */
const line = (what: string, path: string) => ({
  what,
  paths: [path],
  secret: [path],
  parse: ([text = '']: readonly string[]) => {
    const [first = '', ...more] = text.replace(/\r?\n$/, '').split('\n');
    if (first === '') throw new Error('it is empty');
    if (more.length > 0) throw new Error('it has more than one line');
    return first;
  },
});
