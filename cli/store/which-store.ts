import { parse } from 'yaml';
import { WeftError } from '../../model/errors.ts';
import { settingKeys } from '../../model/setting-keys.ts';

/** The store that a command works on. */
export interface WhichStore {
  readonly url: string;
  /** Who says so, for people. */
  readonly origin: string;
  /** What the configuration says besides, when it names the store. */
  readonly settings: Settings;
}

type Settings = Readonly<Record<string, unknown>>;

export interface WhichStorePorts {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file; undefined when there is none. */
  readonly read: (path: string) => Promise<string | undefined>;
}

/** As weftd has them. */
const defaultConfig = '/etc/weft/weftd.yaml';
export const defaultStore = 'file:///var/lib/weft/store.db';

/**
 * The store of this node's agent, unless `--store` names another one: WEFT_STORE, its configuration (which
 * WEFT_CONFIG may name), its default.
 *
 * @throws INPUT_INVALID for a configuration that cannot be read.
 */
export async function whichStore(
  { store, config }: { readonly store?: string; readonly config?: string },
  { env, read }: WhichStorePorts,
): Promise<WhichStore> {
  if (store !== undefined) return { url: store, origin: 'flag --store', settings: {} };
  const told = env['WEFT_STORE'];
  if (config === undefined && told !== undefined && told !== '')
    return { url: told, origin: 'environment WEFT_STORE', settings: {} };
  const named = config ?? (env['WEFT_CONFIG'] || undefined);
  const path = named ?? defaultConfig;
  const text = await read(path);
  if (text === undefined && named !== undefined)
    throw new WeftError('INPUT_INVALID', `there is no configuration ${named}`);
  const settings = text === undefined ? {} : settingsIn(path, text);
  const url = settings['store'];
  if (url === undefined) return { url: defaultStore, origin: 'default', settings };
  if (typeof url === 'string' && url !== '') return { url, origin: `file ${path}`, settings };
  throw new WeftError('INPUT_INVALID', `the configuration ${path} has a store that is no text`);
}

function settingsIn(path: string, text: string): Settings {
  let tree: unknown;
  try {
    tree = parse(text);
  } catch (error) {
    throw new WeftError(
      'INPUT_INVALID',
      `the configuration ${path} is no YAML: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
  if (tree === null || tree === undefined) return {};
  if (typeof tree !== 'object' || Array.isArray(tree))
    throw new WeftError('INPUT_INVALID', `the configuration ${path} is no mapping of settings`);
  const known = new Set<string>(settingKeys);
  const unknown = Object.keys(tree).filter((key) => !known.has(key));
  if (unknown.length === 0) return tree as Settings;
  const what = unknown.map((key) => JSON.stringify(key)).join(', ');
  throw new WeftError(
    'INPUT_INVALID',
    `the configuration ${path} has unknown settings: ${what}; known are ${settingKeys.join(', ')}`,
    { details: { path, unknown } },
  );
}

/** How the agent's settings call what `fileCredentials` takes; a secret itself comes from the environment only. */
const names = {
  caFile: ['WEFT_STORE_CA_FILE', 'storeCaFile'],
  certFile: ['WEFT_STORE_CERT_FILE', 'storeCertFile'],
  keyFile: ['WEFT_STORE_KEY_FILE', 'storeKeyFile'],
  user: ['WEFT_STORE_USER', 'storeUser'],
  password: ['WEFT_STORE_PASSWORD'],
  passwordFile: ['WEFT_STORE_PASSWORD_FILE', 'storePasswordFile'],
  token: ['WEFT_STORE_TOKEN'],
  tokenFile: ['WEFT_STORE_TOKEN_FILE', 'storeTokenFile'],
} as const satisfies Record<string, readonly [variable: string, setting?: string]>;

type Credentials = Partial<Record<keyof typeof names, string>>;

/** The credentials that the environment, before the configuration, gives for a store. */
export function credentialsIn(env: WhichStorePorts['env'], settings: Settings = {}): Credentials {
  const found = Object.entries(names).flatMap(([name, [variable, setting]]) => {
    const value = env[variable] || (setting === undefined ? undefined : settings[setting]);
    return typeof value === 'string' && value !== '' ? [[name, value] as const] : [];
  });
  return Object.fromEntries(found);
}

/** What a kind of store takes of credentials that may be meant for two: a copy from etcd to Consul is told those of both. */
export function credentialsOf(
  kind: 'file' | 'etcd' | 'consul',
  { user, password, passwordFile, token, tokenFile, ...certificates }: Credentials,
): Credentials {
  const own = { file: {}, etcd: { user, password, passwordFile }, consul: { token, tokenFile } }[kind];
  const all = kind === 'file' ? {} : { ...certificates, ...own };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
