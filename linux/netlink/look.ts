import { WeftError } from '../../model/errors.ts';
import type { LinuxObject } from '../objects/object.ts';
import { ObjectSet } from '../objects/object-set.ts';
import type { TableEntry } from '../objects/keyed-map.ts';
import type { NetworkScope } from '../objects/scope.ts';
import { getFdb, getNeighbour, readFdb, readNeighbour } from './codec/neighbour.ts';
import { BodyWriter } from './codec/writer.ts';
import { interfaceIndexes } from './interface-index.ts';
import type { Namespaces, OwnNamespace } from './namespaces.ts';
import { fdbObjects, neighbourObjects } from './observe-objects.ts';

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
    for (const object of await lookAt(namespace, writer, entry, dev)) found.put(object);
  }
  return found;
}

async function lookAt(
  { rtnetlink }: OwnNamespace,
  writer: BodyWriter,
  entry: TableEntry,
  dev: number,
): Promise<readonly LinuxObject[]> {
  const names = new Map([[dev, entry.dev]]);
  try {
    if (entry.kind === 'fdb') {
      const rows = (await rtnetlink.dump(getFdb(writer, entry, dev))).map(({ body }) => readFdb(body));
      return fdbObjects(
        entry.scope,
        rows.filter((row) => row !== undefined),
        names,
      );
    }
    const rows = (await rtnetlink.dump(getNeighbour(writer, entry, dev))).map(({ body }) =>
      readNeighbour(body),
    );
    return neighbourObjects(
      entry.scope,
      rows.filter((row) => row !== undefined),
      names,
    );
  } catch (error) {
    // No such entry, or its device has gone just now.
    if (error instanceof WeftError && /^(ENOENT|ENODEV)$/.test(String(error.details['errno']))) return [];
    throw error;
  }
}
