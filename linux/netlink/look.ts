import { WeftError } from '../../model/errors.ts';
import type { LinuxObject } from '../objects/object.ts';
import { ObjectSet } from '../objects/object-set.ts';
import type { TableEntry } from '../objects/keyed-map.ts';
import type { NetworkScope } from '../objects/scope.ts';
import { getFdb, getNeighbour, readFdb, readNeighbour } from './codec/neighbour.ts';
import { BodyWriter } from './codec/writer.ts';
import { interfaceIndexes } from './interface-index.ts';
import type { Namespaces, OwnNamespace } from './namespaces.ts';
import { fdbObject, neighbourObject } from './observe-objects.ts';

/** Reads single entries of one network namespace: the port's `look`. */
export async function look(
  namespaces: Namespaces,
  scope: NetworkScope,
  entries: readonly TableEntry[],
): Promise<ObjectSet> {
  const found = new ObjectSet();
  const namespace = await namespaces.own(scope);
  if (namespace === undefined) return found;
  const indexes = interfaceIndexes(namespace.path, new Set(entries.map(({ dev }) => dev)));
  const writer = new BodyWriter();
  for (const entry of entries) {
    const dev = indexes.get(entry.dev);
    if (dev === undefined) continue;
    const object = await lookAt(namespace, writer, entry, dev);
    if (object !== undefined) found.put(object);
  }
  return found;
}

async function lookAt(
  { rtnetlink }: OwnNamespace,
  writer: BodyWriter,
  entry: TableEntry,
  dev: number,
): Promise<LinuxObject | undefined> {
  const { scope } = entry;
  const names = new Map([[dev, entry.dev]]);
  const request = entry.kind === 'fdb' ? getFdb(writer, entry, dev) : getNeighbour(writer, entry, dev);
  try {
    const body = (await rtnetlink.dump(request))[0]?.body ?? new Uint8Array();
    if (entry.kind === 'fdb') {
      const row = readFdb(body);
      return row === undefined ? undefined : fdbObject(scope, row, names);
    }
    const row = readNeighbour(body);
    return row === undefined ? undefined : neighbourObject(scope, row, names);
  } catch (error) {
    // No such entry, or its device has gone just now.
    if (error instanceof WeftError && /^(ENOENT|ENODEV)$/.test(String(error.details['errno'])))
      return undefined;
    throw error;
  }
}
