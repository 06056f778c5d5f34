import { parsePools, showPools } from '../../model/address-pool.ts';
import { WeftError } from '../../model/errors.ts';
import { namePattern } from '../../model/name.ts';
import { parseSocketAddress, showSocketAddress } from '../../model/socket-address.ts';

/** What an operator can set. Durations are milliseconds, paths absolute. */
export interface Config {
  readonly store: string;
  /** Of the credentials for the store an empty text means: none. */
  readonly storeCaFile: string;
  readonly storeCertFile: string;
  readonly storeKeyFile: string;
  readonly storeUser: string;
  readonly storePasswordFile: string;
  readonly storePassword: string;
  readonly storeTokenFile: string;
  readonly storeToken: string;
  /** Interface or address of the VTEP; empty: the one interface with a global address. */
  readonly advertise: string;
  readonly name: string;
  readonly stateDir: string;
  readonly runtimeDir: string;
  readonly netnsDir: string;
  /** Write the `cluster` key at once when there is none. */
  readonly init: boolean;
  /** Address family of the tunnels; `auto`: what the cluster says, else that of the advertised address. */
  readonly underlay: 4 | 6 | 'auto';
  readonly port: number;
  /** Where networks without subnets get one, as `parsePools` reads it; empty: as the cluster has it, or the default ones. */
  readonly addressPools: string;
  readonly leaseTtl: number;
  /** How long a node must be down before its endpoints are given up. */
  readonly deadNodeGrace: number;
  /** How long the namespace of a sandbox may be gone before its endpoint is detached. */
  readonly sandboxGrace: number;
  /** How long an address that was given back is not given to others, as long as there are others. */
  readonly addressRest: number;
  /** Do agents put back what their store has lost, without being asked? */
  readonly rebuildStore: boolean;
  /** Where `GET /metrics` is served besides the API socket, as `parseSocketAddress` reads it; empty: nowhere. */
  readonly metrics: string;
  readonly logLevel: LogLevel;
}

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** One setting: how it is spelt in each place, what it means, how its text is read. */
export interface Setting<K extends keyof Config> {
  readonly key: K;
  /** Absent for a secret: what is on the command line, or in a file that everybody may read, is none. It is never shown. */
  readonly flag?: string;
  readonly env: string;
  /** For --help and the example file. */
  readonly meaning: string;
  /** The value when nobody says otherwise. */
  fallback(machine: { hostname: string }): Config[K];
  /** @throws Error with what is expected; the caller adds the key and the place. */
  read(raw: string | number | boolean): Config[K];
}

const text = (raw: string | number | boolean): string => {
  if (typeof raw === 'boolean' || raw === '') throw new Error('must be a text');
  return String(raw);
};

const absolutePath = (raw: string | number | boolean): string => {
  const path = text(raw);
  if (!path.startsWith('/')) throw new Error('must be an absolute path');
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
};

const optional =
  (read: (raw: string | number | boolean) => string) =>
  (raw: string | number | boolean): string =>
    raw === '' ? '' : read(raw);

const choice =
  <T extends string>(choices: readonly T[]) =>
  (raw: string | number | boolean): T => {
    const found = choices.find((c) => c === String(raw));
    if (found === undefined) throw new Error(`must be one of ${choices.join(', ')}`);
    return found;
  };

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** `15s`, `500ms`, `10m`; a bare number is refused, since nobody agrees on its unit. */
export function readDuration(raw: string | number | boolean): number {
  const match = /^(\d{1,9})(ms|s|m|h)$/.exec(String(raw));
  if (match === null) throw new Error('must be a duration such as 500ms, 15s or 10m');
  return Number(match[1]) * units[match[2] as keyof typeof units];
}

/** The shortest spelling that `readDuration` takes. */
export function showDuration(ms: number): string {
  const unit = (['h', 'm', 's'] as const).find((u) => ms > 0 && ms % units[u] === 0) ?? 'ms';
  return `${ms / units[unit]}${unit}`;
}

const bool = (raw: string | number | boolean): boolean => {
  if (raw === true || raw === 'true' || raw === '1') return true;
  if (raw === false || raw === 'false' || raw === '0') return false;
  throw new Error('must be true or false');
};

const setting = <K extends keyof Config>(s: Setting<K>): Setting<K> => s;

/** The one table of settings; flags, environment, file, help and `weftd config` are read from it. */
export const settings = [
  setting({
    key: 'store',
    flag: '--store',
    env: 'WEFT_STORE',
    meaning:
      'URL of the store: file:///PATH, or etcd:// or consul:// with HOST:PORT,HOST:PORT[/prefix]; etcds:// and consuls:// have TLS',
    fallback: () => 'file:///var/lib/weft/store.db',
    read: text,
  }),
  setting({
    key: 'storeCaFile',
    flag: '--store-ca-file',
    env: 'WEFT_STORE_CA_FILE',
    meaning:
      'PEM certificates of the authorities that may vouch for the store (otherwise those of the system)',
    fallback: () => '',
    read: optional(absolutePath),
  }),
  setting({
    key: 'storeCertFile',
    flag: '--store-cert-file',
    env: 'WEFT_STORE_CERT_FILE',
    meaning: 'PEM certificate that this node shows to the store, with its chain',
    fallback: () => '',
    read: optional(absolutePath),
  }),
  setting({
    key: 'storeKeyFile',
    flag: '--store-key-file',
    env: 'WEFT_STORE_KEY_FILE',
    meaning: 'PEM private key of that certificate',
    fallback: () => '',
    read: optional(absolutePath),
  }),
  setting({
    key: 'storeUser',
    flag: '--store-user',
    env: 'WEFT_STORE_USER',
    meaning: 'user that this node logs in as (etcd)',
    fallback: () => '',
    read: optional(text),
  }),
  setting({
    key: 'storePasswordFile',
    flag: '--store-password-file',
    env: 'WEFT_STORE_PASSWORD_FILE',
    meaning: 'file with the password of that user',
    fallback: () => '',
    read: optional(absolutePath),
  }),
  setting({
    key: 'storePassword',
    env: 'WEFT_STORE_PASSWORD',
    meaning: 'the password itself, when it is in no file',
    fallback: () => '',
    read: optional(text),
  }),
  setting({
    key: 'storeTokenFile',
    flag: '--store-token-file',
    env: 'WEFT_STORE_TOKEN_FILE',
    meaning: 'file with the token that this node shows to the store (Consul)',
    fallback: () => '',
    read: optional(absolutePath),
  }),
  setting({
    key: 'storeToken',
    env: 'WEFT_STORE_TOKEN',
    meaning: 'the token itself, when it is in no file',
    fallback: () => '',
    read: optional(text),
  }),
  setting({
    key: 'advertise',
    flag: '--advertise',
    env: 'WEFT_ADVERTISE',
    meaning: 'interface or address that other nodes send tunnel packets to',
    fallback: () => '',
    read: optional(text),
  }),
  setting({
    key: 'name',
    flag: '--name',
    env: 'WEFT_NAME',
    meaning: 'name of this node, unique in the cluster',
    fallback: ({ hostname }) => {
      if (namePattern.test(hostname)) return hostname;
      throw new Error(`the host name ${JSON.stringify(hostname)} cannot be the name of a node; set --name`);
    },
    read: (raw) => {
      if (!namePattern.test(String(raw)))
        throw new Error('must be letters, digits, "_", "." and "-", at most 63 characters');
      return String(raw);
    },
  }),
  setting({
    key: 'stateDir',
    flag: '--state-dir',
    env: 'WEFT_STATE_DIR',
    meaning: 'directory that survives a reboot: node id, open intents, last good view of the store',
    fallback: () => '/var/lib/weft',
    read: absolutePath,
  }),
  setting({
    key: 'runtimeDir',
    flag: '--runtime-dir',
    env: 'WEFT_RUNTIME_DIR',
    meaning: 'directory of the API socket weftd.sock',
    fallback: () => '/run/weft',
    read: absolutePath,
  }),
  setting({
    key: 'netnsDir',
    flag: '--netns-dir',
    env: 'WEFT_NETNS_DIR',
    meaning: 'directory in which network namespaces are pinned and named sandboxes are looked up',
    fallback: () => '/run/netns',
    read: absolutePath,
  }),
  setting({
    key: 'init',
    flag: '--init',
    env: 'WEFT_INIT',
    meaning: 'found a new cluster at once when the store holds none (otherwise after 30 s without one)',
    fallback: () => false,
    read: bool,
  }),
  setting({
    key: 'underlay',
    flag: '--underlay',
    env: 'WEFT_UNDERLAY',
    meaning: 'address family of the tunnels: 4, 6 or auto',
    fallback: () => 'auto',
    read: (raw) => {
      const family = choice(['4', '6', 'auto'])(raw);
      return family === 'auto' ? family : family === '4' ? 4 : 6;
    },
  }),
  setting({
    key: 'port',
    flag: '--port',
    env: 'WEFT_PORT',
    meaning: 'UDP port of the tunnels, the same on every node',
    fallback: () => 4789,
    read: (raw) => {
      const port = Number(raw);
      if (!Number.isInteger(port) || port < 1 || port > 65535)
        throw new Error('must be a port from 1 to 65535');
      return port;
    },
  }),
  setting({
    key: 'addressPools',
    flag: '--address-pools',
    env: 'WEFT_ADDRESS_POOLS',
    meaning:
      'where networks that declare no subnet get one, the same on every node, such as base=10.64.0.0/11,size=24 base=fd00:7::/48,size=64',
    fallback: () => '',
    read: optional((raw) => showPools(parsePools(text(raw)))),
  }),
  setting({
    key: 'leaseTtl',
    flag: '--lease-ttl',
    env: 'WEFT_LEASE_TTL',
    meaning: 'time without contact after which the other nodes call this one down',
    fallback: () => 15_000,
    read: (raw) => {
      const ms = readDuration(raw);
      if (ms < 2000 || ms > 600_000) throw new Error('must be from 2s to 10m');
      return ms;
    },
  }),
  setting({
    key: 'deadNodeGrace',
    flag: '--dead-node-grace',
    env: 'WEFT_DEAD_NODE_GRACE',
    meaning: 'time for which a node must be down before the others give its endpoints up',
    fallback: () => 600_000,
    read: (raw) => {
      const ms = readDuration(raw);
      if (ms < 1000 || ms > 720 * units.h) throw new Error('must be from 1s to 720h');
      return ms;
    },
  }),
  setting({
    key: 'sandboxGrace',
    flag: '--sandbox-grace',
    env: 'WEFT_SANDBOX_GRACE',
    meaning: 'time after which the endpoint of a sandbox whose namespace has vanished is detached',
    fallback: () => 10_000,
    read: (raw) => {
      const ms = readDuration(raw);
      if (ms < 1000 || ms > 86_400_000) throw new Error('must be from 1s to 24h');
      return ms;
    },
  }),
  setting({
    key: 'addressRest',
    flag: '--address-rest',
    env: 'WEFT_ADDRESS_REST',
    meaning:
      'time for which an address that was given back is not chosen, unless nothing else is free; 0s: none',
    fallback: () => 60_000,
    read: (raw) => {
      const ms = readDuration(raw);
      if (ms > 86_400_000) throw new Error('must be from 0s to 24h');
      return ms;
    },
  }),
  setting({
    key: 'rebuildStore',
    flag: '--rebuild-store',
    env: 'WEFT_REBUILD_STORE',
    meaning:
      'put back what the store of the cluster has lost (wiped, or set to an older state); false: keep it here until somebody decides',
    fallback: () => true,
    read: bool,
  }),
  setting({
    key: 'metrics',
    flag: '--metrics',
    env: 'WEFT_METRICS',
    meaning:
      'address and port for GET /metrics, such as 127.0.0.1:9479, to whoever reaches it (otherwise only on the API socket)',
    fallback: () => '',
    read: optional((raw) => showSocketAddress(parseSocketAddress(text(raw)))),
  }),
  setting({
    key: 'logLevel',
    flag: '--log-level',
    env: 'WEFT_LOG_LEVEL',
    meaning: `least level that is logged: ${logLevels.join(', ')}`,
    fallback: () => 'info',
    read: choice(logLevels),
  }),
] as const;

/** INPUT_INVALID that lists every problem of a configuration at once. */
export function configError(problems: readonly string[]): WeftError {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new WeftError('INPUT_INVALID', `the configuration has ${count}: ${problems.join('; ')}`, {
    details: { problems },
  });
}
