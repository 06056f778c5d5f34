import { WeftError } from '../model/errors.ts';
import { defaultPrefix } from './keys.ts';

export interface Endpoint {
  /** A name or an address; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
}

/** Where a store is, as `--store` says it. `prefix` ends with a slash. */
export type StoreAddress =
  | { readonly kind: 'file'; readonly path: string; readonly prefix: string }
  | {
      readonly kind: 'etcd' | 'consul';
      readonly endpoints: readonly Endpoint[];
      /** TLS, and a server that proves who it is. */
      readonly secure: boolean;
      readonly prefix: string;
    };

/** A store of servers, which listen on `port` unless the URL says otherwise. */
interface ServerScheme {
  readonly kind: 'etcd' | 'consul';
  readonly secure: boolean;
  readonly port: number;
  readonly form: string;
}

const fileForm = 'file:///ABSOLUTE/PATH, for instance file:///var/lib/weft/store.db';
const etcd: ServerScheme = {
  kind: 'etcd',
  secure: false,
  port: 2379,
  form: 'etcd://HOST[:PORT][,HOST[:PORT]...][/PREFIX], for instance etcd://10.0.0.1:2379,[fd00::2]:2379/weft/v1 (etcds:// with TLS)',
};
const consul: ServerScheme = {
  kind: 'consul',
  secure: false,
  port: 8500,
  form: 'consul://HOST[:PORT][,HOST[:PORT]...][/PREFIX], for instance consul://10.0.0.1:8500,10.0.0.2:8500 (consuls:// with TLS)',
};
/** Consul speaks TLS on a port of its own. */
const consuls: ServerScheme = { ...consul, secure: true, port: 8501 };
const schemes = 'file, etcd, etcds, consul and consuls';
const anyForm = [fileForm, etcd.form, consul.form].join('; or ');

/** @throws INPUT_INVALID that quotes the URL and says which form is expected. */
export function parseStoreUrl(url: string): StoreAddress {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/([^/]*)(\/.*)?$/i.exec(url);
  if (parts === null) refuse(url, 'is no URL of a store', anyForm);
  const [, scheme = '', authority = '', path = ''] = parts;
  switch (scheme.toLowerCase()) {
    case 'file':
      return parseFile(url, authority, path);
    case 'etcd':
      return parseServers(url, etcd, authority, path);
    case 'etcds':
      return parseServers(url, { ...etcd, secure: true }, authority, path);
    case 'consul':
      return parseServers(url, consul, authority, path);
    case 'consuls':
      return parseServers(url, consuls, authority, path);
    default:
      return refuse(url, `has the unknown scheme ${scheme}: ${schemes} are known`, anyForm);
  }
}

function parseFile(url: string, authority: string, encoded: string): StoreAddress {
  if (authority !== '') {
    refuse(
      url,
      `names the host ${JSON.stringify(authority)}, but a file is always on this machine`,
      fileForm,
    );
  }
  let path: string;
  try {
    path = decodeURIComponent(encoded);
  } catch {
    return refuse(url, 'has a % that two hexadecimal digits do not follow', fileForm);
  }
  if (/[?#]/.test(encoded)) refuse(url, 'has a ? or # after the path; write them as %3F and %23', fileForm);
  if (path === '' || path.endsWith('/') || path.includes('\0')) refuse(url, 'names no file', fileForm);
  return { kind: 'file', path, prefix: defaultPrefix };
}

function parseServers(url: string, scheme: ServerScheme, authority: string, path: string): StoreAddress {
  const { kind, secure, form } = scheme;
  if (authority.includes('@')) {
    refuse(
      withoutCredentials(url),
      'carries credentials (not shown): a URL is seen in process lists and logs by everybody on the machine',
      form,
    );
  }
  if (authority === '') refuse(url, 'names no server', form);
  if (!/^[!-~]*$/.test(path) || /[?#]/.test(path)) {
    refuse(url, `has a prefix ${JSON.stringify(path)} that is not printable ASCII without ? and #`, form);
  }
  const endpoints = authority.split(',').map((server) => parseEndpoint(url, server, scheme));
  const prefix = path.replace(/^\/|\/$/g, '');
  return { kind, endpoints, secure, prefix: prefix === '' ? defaultPrefix : `${prefix}/` };
}

function parseEndpoint(url: string, server: string, { port: usual, form }: ServerScheme): Endpoint {
  const parts = /^(?:\[([0-9a-f:.]+(?:%[\w.-]+)?)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(server);
  const port = Number(parts?.[3] ?? usual);
  if (parts === null || port < 1 || port > 65_535) {
    const bare = server.split(':').length > 2 ? '; an IPv6 address needs brackets' : '';
    return refuse(url, `has ${JSON.stringify(server)}, which is not HOST or HOST:PORT${bare}`, form);
  }
  return { host: parts[1] ?? parts[2] ?? '', port };
}

const withoutCredentials = (url: string): string => url.replace(/\/\/[^/]*@/, '//...@');

function refuse(url: string, why: string, form: string): never {
  throw new WeftError('INPUT_INVALID', `store ${JSON.stringify(url)} ${why}; expected ${form}`, {
    details: { url },
  });
}
