import { parse as parseYaml } from 'yaml';
import { configError, settings, type Config } from './settings.ts';

/** Where a value came from, for `weftd config`. */
export interface Resolved {
  readonly config: Config;
  readonly origins: ReadonlyMap<keyof Config, string>;
}

export interface Sources {
  /** Values of flags by flag name (`--store`); `true` for a bare switch. */
  readonly flags: ReadonlyMap<string, string | true>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of the configuration file, when there is one. */
  readonly file?: { readonly path: string; readonly text: string };
  readonly hostname: string;
}

type Raw = string | number | boolean;

/**
 * Flag before environment before file before default.
 *
 * @throws INPUT_INVALID with every problem and the place it comes from.
 */
export function resolveConfig(sources: Sources): Resolved {
  const problems: string[] = [];
  const file = readFile(sources.file, problems);
  const values: Partial<Record<keyof Config, unknown>> = {};
  const origins = new Map<keyof Config, string>();
  for (const s of settings) {
    const found = find(s, sources, file);
    origins.set(s.key, found?.origin ?? 'default');
    try {
      values[s.key] = found === undefined ? s.fallback({ hostname: sources.hostname }) : s.read(found.raw);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const value = found === undefined || s.flag === undefined ? '' : ` = ${JSON.stringify(found.raw)}`;
      problems.push(`${s.key}${value} (${found?.origin ?? 'default'}): ${why}`);
    }
  }
  if (problems.length > 0) throw configError(problems);
  return { config: values as unknown as Config, origins };
}

function find(
  s: { readonly key: keyof Config; readonly flag?: string; readonly env: string },
  sources: Sources,
  file: ReadonlyMap<string, Raw>,
): { readonly raw: Raw; readonly origin: string } | undefined {
  const flag = s.flag === undefined ? undefined : sources.flags.get(s.flag);
  if (flag !== undefined) return { raw: flag, origin: `flag ${String(s.flag)}` };
  const env = sources.env[s.env];
  if (env !== undefined && env !== '') return { raw: env, origin: `environment ${s.env}` };
  const raw = file.get(s.key);
  return raw === undefined ? undefined : { raw, origin: `file ${sources.file?.path ?? ''}` };
}

function readFile(file: Sources['file'], problems: string[]): ReadonlyMap<string, Raw> {
  const result = new Map<string, Raw>();
  if (file === undefined) return result;
  let tree: unknown;
  try {
    tree = parseYaml(file.text);
  } catch (error) {
    problems.push(`${file.path}: ${error instanceof Error ? error.message : String(error)}`);
    return result;
  }
  if (tree === null || tree === undefined) return result;
  if (typeof tree !== 'object' || Array.isArray(tree)) {
    problems.push(`${file.path}: must be a mapping of settings`);
    return result;
  }
  const known = new Set<string>(settings.filter((s) => s.flag !== undefined).map((s) => s.key));
  for (const [key, value] of Object.entries(tree)) {
    const secret = settings.find((s) => s.key === key && s.flag === undefined);
    if (secret !== undefined)
      problems.push(
        `${file.path}: ${key} is a secret and does not belong here: set ${key}File, or ${secret.env} in the environment`,
      );
    else if (!known.has(key))
      problems.push(
        `${file.path}: unknown setting ${JSON.stringify(key)}; known are ${[...known].join(', ')}`,
      );
    else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      result.set(key, value);
    else problems.push(`${file.path}: ${key} must be a single value`);
  }
  return result;
}
