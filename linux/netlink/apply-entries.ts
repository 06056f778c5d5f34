import type { FdbEntry, NeighbourEntry, PortFdbEntry } from '../objects/forwarding.ts';
import type { NetworkScope } from '../objects/scope.ts';
import type { Step } from '../plan/step.ts';
import { noNamespace } from './apply-namespace.ts';
import { outcomeOf, type Outcome } from './apply-outcome.ts';
import { fdbRequest, neighbourRequest, portFdbRequest } from './codec/neighbour.ts';
import { BodyWriter } from './codec/writer.ts';
import { interfaceIndexes } from './interface-index.ts';
import type { NetlinkRefusal, NetlinkRequest, Rtnetlink } from './message.ts';
import type { Namespaces } from './namespaces.ts';

type Entry = FdbEntry | PortFdbEntry | NeighbourEntry;
export type EntryStep = Step & { readonly object: Entry };

/** `bridge fdb replace|del` and `ip neigh replace|del`, all in one batch: entries do not need each other. */
export async function applyEntries(
  namespaces: Namespaces,
  scope: NetworkScope,
  run: readonly EntryStep[],
): Promise<readonly Outcome[]> {
  const namespace = await namespaces.own(scope);
  if (namespace === undefined) return run.map((step) => outcomeOf(step, noNamespace(namespaces, scope)));
  const indexes = interfaceIndexes(namespace.path, new Set(run.map((step) => step.object.dev)));
  const outcomes: Outcome[] = [];
  for (let from = 0; from < run.length; from += atOnce) {
    outcomes.push(...(await putEntries(namespace.rtnetlink, indexes, run.slice(from, from + atOnce))));
  }
  return outcomes;
}

/** Requests that are made before any is sent: not a hundred thousand, which would outlive their use in the memory. */
const atOnce = 1024;

async function putEntries(
  rtnetlink: Rtnetlink,
  indexes: ReadonlyMap<string, number>,
  run: readonly EntryStep[],
): Promise<readonly Outcome[]> {
  const writer = new BodyWriter();
  const requests: NetlinkRequest[] = [];
  const missing = new Map<number, NetlinkRefusal>();
  run.forEach((step, i) => {
    const index = indexes.get(step.object.dev);
    if (index === undefined) missing.set(i, noDevice(step.object.dev));
    else requests.push(request(writer, step.object, index, step.op === 'delete' ? 'delete' : 'put'));
  });
  const answers = await rtnetlink.send(requests);
  let next = 0;
  return run.map((step, i) => outcomeOf(step, missing.get(i) ?? answers[next++]));
}

export function noDevice(name: string): NetlinkRefusal {
  return { errno: 'ENODEV', text: `there is no interface ${name}` };
}

function request(w: BodyWriter, o: Entry, dev: number, op: 'put' | 'delete'): NetlinkRequest {
  switch (o.kind) {
    case 'fdb':
      return fdbRequest(w, o, dev, op);
    case 'port-fdb':
      return portFdbRequest(w, o, dev, op);
    case 'neighbour':
      return neighbourRequest(w, o, dev, op);
  }
}
