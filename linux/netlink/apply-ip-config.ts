import { visitRtnetlink } from '../netns/netns.ts';
import type { Address, Route } from '../objects/ip-config.ts';
import { sameKey } from '../objects/keyed-map.ts';
import { isSandbox, type NetworkScope, type SandboxScope } from '../objects/scope.ts';
import { sameObject } from '../plan/change-table.ts';
import type { Step } from '../plan/step.ts';
import { noDevice } from './apply-entries.ts';
import { noNamespace } from './apply-namespace.ts';
import { outcomeOf, type Outcome } from './apply-outcome.ts';
import { addAddress, deleteAddress } from './codec/address.ts';
import { deleteRoute, putRoute } from './codec/route.ts';
import { BodyWriter } from './codec/writer.ts';
import { interfaceIndexes } from './interface-index.ts';
import type { NetlinkRefusal, NetlinkRequest, Rtnetlink } from './message.ts';
import type { Namespaces } from './namespaces.ts';
import { readAddresses, readRoutes } from './observe.ts';

export type IpConfigStep = Step & { readonly object: Address | Route };
type Indexes = ReadonlyMap<string, number>;

/** `ip addr add|del` and `ip route add|replace|del` in one namespace, which for a sandbox is visited and left again. */
export async function applyIpConfig(
  namespaces: Namespaces,
  scope: NetworkScope | SandboxScope,
  run: readonly IpConfigStep[],
): Promise<readonly Outcome[]> {
  const work = (path: string) => (rtnetlink: Rtnetlink) => {
    const indexes = interfaceIndexes(path, new Set(run.map((step) => step.object.dev)));
    return applyHere(rtnetlink, indexes, run);
  };
  if (isSandbox(scope)) {
    const path = namespaces.pathOf(scope);
    return visitRtnetlink(path, work(path));
  }
  const namespace = await namespaces.own(scope);
  if (namespace === undefined) return run.map((step) => outcomeOf(step, noNamespace(namespaces, scope)));
  return work(namespace.path)(namespace.rtnetlink);
}

async function applyHere(
  rtnetlink: Rtnetlink,
  indexes: Indexes,
  run: readonly IpConfigStep[],
): Promise<readonly Outcome[]> {
  const writer = new BodyWriter();
  const present = run.filter((step) => indexes.has(step.object.dev));
  const answers = await rtnetlink.send(
    present.map((step) => request(writer, step, indexes.get(step.object.dev) ?? 0)),
  );
  const byStep = new Map(present.map((step, i) => [step, answers[i]]));
  const outcomes: Outcome[] = [];
  for (const step of run) {
    let answer = byStep.has(step) ? byStep.get(step) : noDevice(step.object.dev);
    if (answer?.errno === 'EEXIST' && step.op === 'create') {
      answer = await lookAgain(rtnetlink, indexes, step, answer);
    }
    outcomes.push(outcomeOf(step, answer));
  }
  return outcomes;
}

function request(w: BodyWriter, { op, object }: IpConfigStep, dev: number): NetlinkRequest {
  if (object.kind === 'address') {
    return op === 'delete' ? deleteAddress(w, object, dev) : addAddress(w, object, dev);
  }
  if (op === 'delete') return deleteRoute(w, object, dev, isSandbox(object.scope) ? 'ours' : 'any');
  return putRoute(w, object, dev, op === 'create' ? 'add' : 'replace');
}

/** What exists as wished is a success; a route of ours that exists otherwise is replaced; what is not ours stays. */
async function lookAgain(
  rtnetlink: Rtnetlink,
  indexes: Indexes,
  { object }: IpConfigStep,
  answer: NetlinkRefusal,
): Promise<NetlinkRefusal | undefined> {
  const names = new Map([...indexes].map(([name, index]) => [index, name]));
  const read = object.kind === 'address' ? readAddresses : readRoutes;
  const found = (await read(rtnetlink, object.scope, names)).find((o) => sameKey(o, object));
  if (found !== undefined && sameObject(found, object)) return undefined;
  if (found === undefined || object.kind === 'address') return answer;
  const dev = indexes.get(object.dev) ?? 0;
  const [refusal] = await rtnetlink.send([putRoute(new BodyWriter(), object, dev, 'replace')]);
  return refusal;
}
