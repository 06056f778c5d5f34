import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { asWeftError, WeftError } from '../../model/errors.ts';
import { belongsTo, checkLabName, labDirectory, labOf, namespacePath, runtimeRoot } from './names.ts';
import { isNamespace, namedNamespaces, processesIn, removeNamespace, unpin } from './netns.ts';
import { endMarked, readMark } from './process.ts';
import { doStep, silent, type Report } from './report.ts';
import { mapBounded, waitFor } from './wait.ts';

/** Names of the labs of this machine, also of half-made ones of which only a directory or a namespace is left. */
export function listLabs(): readonly string[] {
  const directories = existsSync(runtimeRoot) ? readdirSync(runtimeRoot) : [];
  const owners = namedNamespaces().map(labOf);
  return [...new Set([...directories, ...owners.filter((owner) => owner !== undefined)])].toSorted();
}

/**
 * Removes everything of a lab: processes, namespaces, files. It goes by names and the runtime directory alone, so that it
 * also clears up after a crash; a lab that is not there is success. Failures are gathered and thrown at the end.
 *
 * @throws the one failure, or an AggregateError of several.
 */
export async function removeLab(name: string, report: Report = silent): Promise<void> {
  checkLabName(name);
  const directory = labDirectory(name);
  const namespaces = namedNamespaces().filter((each) => belongsTo(name, each));
  if (!existsSync(directory) && namespaces.length === 0) return;
  const failures: unknown[] = [];
  const attempt = async (step: string, work: () => Promise<string>): Promise<void> => {
    await doStep(report, { step }, work).catch((error: unknown) => failures.push(error));
  };
  await attempt('end processes', () => endProcesses(directory, namespaces.map(namespacePath)));
  await attempt('remove network namespaces', async () => {
    const pins = pinsBelow(directory);
    await gather([
      ...pins.map((pin) => () => unpin(pin)),
      ...namespaces.map((each) => () => removeNamespace(each)),
    ]);
    return String(pins.length + namespaces.length);
  });
  await attempt('remove files', async () => {
    // Never through a namespace that is still pinned: it would be lost without being gone.
    rmSync(directory, { recursive: true, force: true });
    if (existsSync(runtimeRoot) && readdirSync(runtimeRoot).length === 0)
      rmSync(runtimeRoot, { recursive: true });
    return directory;
  });
  if (failures.length === 1) throw asWeftError(failures[0]);
  if (failures.length > 1)
    throw new AggregateError(failures, failures.map((each) => asWeftError(each).message).join('\n'));
}

/** What has a mark in the directory gets SIGTERM; what else lives in the lab's namespaces is killed. */
async function endProcesses(directory: string, namespaces: readonly string[]): Promise<string> {
  const marks = subdirectories(directory).flatMap((each) =>
    readdirSync(each)
      .filter((file) => file.endsWith('.pid'))
      .map((file) => join(each, file)),
  );
  const running = marks.filter((mark) => readMark(mark) !== undefined).length;
  // The store's servers end after their clients. One of three that are asked to end waits for the others, and nothing of
  // what it has is to stay.
  const isAgent = (mark: string): boolean => mark.endsWith('weftd.pid');
  await mapBounded(marks.filter(isAgent), 16, (mark) => endMarked(mark, 'SIGTERM', 5000));
  const others = marks.filter((mark) => !isAgent(mark));
  await mapBounded(others, 16, (mark) => endMarked(mark, 'SIGTERM', 500));
  const paths = [...namespaces, ...pinsBelow(directory)];
  const left = processesIn(paths).filter((pid) => pid !== process.pid);
  for (const pid of left) kill(pid);
  const gone = (): boolean => processesIn(paths).every((pid) => pid === process.pid);
  await waitFor('the processes in the namespaces to end', gone, { within: 5000 });
  return String(running + left.length);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Everything that pins a namespace below the lab's directory: what the agents made. */
function pinsBelow(directory: string): readonly string[] {
  return subdirectories(directory)
    .map((each) => join(each, 'netns'))
    .filter((each) => existsSync(each))
    .flatMap((each) => readdirSync(each).map((file) => join(each, file)))
    .filter(isNamespace);
}

function subdirectories(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(directory, entry.name));
}

async function gather(works: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const work of works) await work().catch((error: unknown) => failures.push(error));
  if (failures.length > 0)
    throw new WeftError('KERNEL_REFUSED', failures.map((each) => asWeftError(each).message).join('\n'));
}
