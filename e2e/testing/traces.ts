import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { belongsTo, labDirectory } from '../lab/names.ts';
import { namedNamespaces } from '../lab/netns.ts';

/** Everything on this machine that belongs to a lab of this name: namespaces, pins, files, processes. */
export function tracesOf(lab: string): readonly string[] {
  const directory = labDirectory(lab);
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const pinned = mounts.filter(
    (line) => line.includes(`${directory}/`) || line.includes(`/weft-lab-${lab}-`),
  );
  return [
    ...namedNamespaces()
      .filter((name) => belongsTo(lab, name))
      .map((name) => `namespace ${name}`),
    ...pinned.map((line) => `mount ${line.split(' ')[4] ?? ''}`),
    ...(existsSync(directory) ? [`directory ${directory}`] : []),
    ...readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid) && pid !== String(process.pid))
      .map((pid) => ({ pid, command: commandOf(pid) }))
      .filter(({ command }) => command.includes(`${directory}/`))
      .map(({ pid, command }) => `process ${pid}: ${command}`),
  ];
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** A name that no other run on this machine uses at the same time. */
export const labName = (story: string): string => `${story}${process.pid}`;
