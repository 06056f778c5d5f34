import type { ConfigJson } from '../../api/schemas/status.ts';
import type { Resolved } from './load.ts';
import { settings, showDuration } from './settings.ts';

/** Every setting as it may be written in the file, and where its value comes from. */
export function showConfig({ config, origins }: Resolved): ConfigJson {
  return settings.map(({ key }) => ({
    key,
    value: key === 'leaseTtl' ? showDuration(config.leaseTtl) : config[key],
    origin: origins.get(key) ?? 'default',
  }));
}

/** The same for people: one line for each. */
export function printConfig(resolved: Resolved): string {
  const shown = showConfig(resolved).map(({ key, value, origin }) => ({
    left: `${key}: ${value === '' ? "''" : String(value)}`,
    origin,
  }));
  const width = Math.max(...shown.map(({ left }) => left.length));
  return shown.map(({ left, origin }) => `${left.padEnd(width)}  # ${origin}\n`).join('');
}
