import { parse } from 'yaml';
import { WeftError } from '../../model/errors.ts';

/** The store that a command works on. */
export interface WhichStore {
  readonly url: string;
  /** Who says so, for people. */
  readonly origin: string;
}

export interface WhichStorePorts {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file; undefined when there is none. */
  readonly read: (path: string) => Promise<string | undefined>;
}

/** As weftd has them. */
const defaultConfig = '/etc/weft/weftd.yaml';
export const defaultStore = 'file:///var/lib/weft/store.db';

/**
 * The store of this node's agent, unless `--store` names another one: WEFT_STORE, its configuration, its default.
 *
 * @throws INPUT_INVALID for a configuration that cannot be read.
 */
export async function whichStore(
  { store, config }: { readonly store?: string; readonly config?: string },
  { env, read }: WhichStorePorts,
): Promise<WhichStore> {
  if (store !== undefined) return { url: store, origin: 'flag --store' };
  const told = env['WEFT_STORE'];
  if (config === undefined && told !== undefined && told !== '')
    return { url: told, origin: 'environment WEFT_STORE' };
  const path = config ?? defaultConfig;
  const text = await read(path);
  if (text === undefined && config !== undefined)
    throw new WeftError('INPUT_INVALID', `there is no configuration ${config}`);
  const url = text === undefined ? undefined : storeIn(path, text);
  return url === undefined ? { url: defaultStore, origin: 'default' } : { url, origin: `file ${path}` };
}

function storeIn(path: string, text: string): string | undefined {
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
  if (typeof tree !== 'object' || tree === null || !('store' in tree)) return undefined;
  if (typeof tree.store === 'string' && tree.store !== '') return tree.store;
  throw new WeftError('INPUT_INVALID', `the configuration ${path} has a store that is no text`);
}
