import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import type { NetlinkRefusal } from '../netlink/message.ts';
import { inNamespace } from './netns.ts';

/** One write below /proc/sys: `net/ipv4/ip_forward` = `1`. */
export interface SettingWrite {
  readonly key: string;
  readonly value: string;
}

/**
 * The values of the settings inside the namespace, by key, read in one stretch: what lies below /proc/sys/net is that of the
 * reader's namespace. What the kernel does not have is absent. (`sysctl KEY`)
 *
 * @throws SANDBOX_INVALID, PERMISSION_DENIED
 */
export function readSettings(where: string | number, keys: Iterable<string>): ReadonlyMap<string, string> {
  return inNamespace(where, () => {
    const values = new Map<string, string>();
    for (const key of keys) {
      const value = readSetting(key);
      if (value !== undefined) values.set(key, value);
    }
    return values;
  });
}

/**
 * Writes in the order given, in one stretch; one outcome for each, `undefined` is success. A refusal stops nothing; a setting that
 * the kernel does not have is ENOENT. (`sysctl -w KEY=VALUE`)
 *
 * @throws SANDBOX_INVALID, PERMISSION_DENIED
 */
export function writeSettings(
  where: string | number,
  writes: readonly SettingWrite[],
): readonly (NetlinkRefusal | undefined)[] {
  return inNamespace(where, () => writes.map(writeSetting));
}

const fileOf = (key: string): string => `/proc/sys/${key}`;

/** Longer than any setting of ours: what does not fit is another value in any case. */
const room = Buffer.alloc(64);

/** They are read by the thousand: without looking at each file first, as `readFileSync` does. */
function readSetting(key: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(fileOf(key), 'r');
  } catch {
    return undefined;
  }
  try {
    return room.toString('latin1', 0, readSync(fd, room, 0, room.length, 0)).trim();
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

function writeSetting({ key, value }: SettingWrite): NetlinkRefusal | undefined {
  try {
    // No O_CREAT: a setting that is not there stays absent instead of being a refused file.
    writeFileSync(fileOf(key), value, { flag: 'r+' });
    return undefined;
  } catch (error) {
    return { errno: (error as NodeJS.ErrnoException).code ?? 'EIO', text: '' };
  }
}
