import type { ConfigJson } from '../../api/schemas/status.ts';
import type { Resolved } from './load.ts';
import { settings, showDuration, type Config } from './settings.ts';

/** Every setting as it may be written in the file, and where its value comes from. Of a secret only whether it is set. */
export function showConfig({ config, origins }: Resolved): ConfigJson {
  return settings.map(({ key, flag }) => ({
    key,
    value: flag === undefined ? (config[key] === '' ? '' : '(set)') : shown(config, key),
    origin: origins.get(key) ?? 'default',
  }));
}

const durations = ['leaseTtl', 'deadNodeGrace', 'sandboxGrace', 'addressRest'] as const;

function shown(config: Config, key: keyof Config): string | number | boolean {
  const duration = durations.find((each) => each === key);
  return duration === undefined ? config[key] : showDuration(config[duration]);
}

/** The same for people: one line for each. Secrets, which do not belong into the file, are comments. */
export function printConfig(resolved: Resolved): string {
  const secrets = new Set<string>(settings.filter(({ flag }) => flag === undefined).map(({ key }) => key));
  const lines = showConfig(resolved).map(({ key, value, origin }) => ({
    left: `${secrets.has(key) ? '# ' : ''}${key}: ${value === '' ? "''" : String(value)}`,
    origin,
  }));
  const width = Math.max(...lines.map(({ left }) => left.length));
  return lines.map(({ left, origin }) => `${left.padEnd(width)}  # ${origin}\n`).join('');
}
