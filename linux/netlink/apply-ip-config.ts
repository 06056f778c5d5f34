import { visitRtnetlink } from '../netns/netns.ts';
import { weftProtocol, type Address } from '../objects/ip-config.ts';
import type { Route } from '../objects/route.ts';
import { isSandbox, type NetworkScope, type SandboxScope } from '../objects/scope.ts';
import { sameObject } from '../plan/change-table.ts';
import type { Step } from '../plan/step.ts';
import { noDevice } from './apply-entries.ts';
import { noNamespace } from './apply-namespace.ts';
import { outcomeOf, type Outcome } from './apply-outcome.ts';
import { deleteAddress, putAddress } from './codec/address.ts';
import { rtTableMain } from './codec/constants.ts';
import { deleteRoute, putRoute, type RouteRow } from './codec/route.ts';
import { BodyWriter } from './codec/writer.ts';
import { interfaceIndexes } from './interface-index.ts';
import type { NetlinkRefusal, NetlinkRequest, Rtnetlink } from './message.ts';
import type { Namespaces } from './namespaces.ts';
import { namesOf, routeObjects, type LinkNames } from './observe-objects.ts';
import { readAddressRows, readLinks, readRouteRows } from './observe.ts';

export type IpConfigStep = Step & { readonly object: Address | Route };
type Indexes = ReadonlyMap<string, number>;

/** `ip addr add|del` and `ip route add|replace|del` in one namespace, which for a sandbox is visited and left again. */
export async function applyIpConfig(
  namespaces: Namespaces,
  scope: NetworkScope | SandboxScope,
  run: readonly IpConfigStep[],
): Promise<readonly Outcome[]> {
  const work = (path: string) => (rtnetlink: Rtnetlink) => {
    const devices = new Set(run.map((step) => step.object.dev));
    // A route that leads nowhere has no device.
    if (devices.delete(''))
      return applyHere(rtnetlink, new Map([...interfaceIndexes(path, devices), ['', 0]]), run);
    return applyHere(rtnetlink, interfaceIndexes(path, devices), run);
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
    return op === 'delete' ? deleteAddress(w, object, dev) : putAddress(w, object, dev, 'add');
  }
  if (op === 'delete') return deleteRoute(w, object, dev, isSandbox(object.scope) ? 'ours' : 'any');
  return putRoute(w, object, dev, op === 'create' ? 'add' : 'replace');
}

/** What exists as wished is a success; a route of ours that exists otherwise is replaced; what is not ours stays, and is named. */
async function lookAgain(
  rtnetlink: Rtnetlink,
  indexes: Indexes,
  { object }: IpConfigStep,
  answer: NetlinkRefusal,
): Promise<NetlinkRefusal | undefined> {
  if (object.kind === 'route') return lookAtRoute(rtnetlink, indexes, object, answer);
  const dev = indexes.get(object.dev) ?? 0;
  const found = (await readAddressRows(rtnetlink)).find(
    (row) => row.dev === dev && row.ip === object.ip && row.length === object.length,
  );
  if (found === undefined) return answer;
  if (!isSandbox(object.scope) || found.protocol === weftProtocol) return undefined;
  // A person has put it back without our number; the interface is ours.
  const [refusal] = await rtnetlink.send([putAddress(new BodyWriter(), object, dev, 'replace')]);
  return refusal;
}

async function lookAtRoute(
  rtnetlink: Rtnetlink,
  indexes: Indexes,
  wish: Route,
  answer: NetlinkRefusal,
): Promise<NetlinkRefusal | undefined> {
  // Also those over interfaces of other networks: a default route passes from one to the other.
  const names = namesOf(await readLinks(rtnetlink));
  const rows = await readRouteRows(rtnetlink);
  const inTheWay = rows.filter(
    (row) => row.table === rtTableMain && row.prefix === wish.prefix && row.metric === wish.metric,
  );
  const [found] = routeObjects(wish.scope, inTheWay, names);
  if (found !== undefined && sameObject(found, wish)) return undefined;
  if (found !== undefined) {
    const dev = indexes.get(wish.dev) ?? 0;
    const [refusal] = await rtnetlink.send([putRoute(new BodyWriter(), wish, dev, 'replace')]);
    return refusal;
  }
  const [foreign] = inTheWay;
  if (foreign === undefined) return answer;
  return { ...answer, text: `a route that is not ours is there, and stays: ${routeText(foreign, names)}` };
}

/** As `ip route show` has it. */
function routeText({ prefix, via, dev, metric, protocol }: RouteRow, names: LinkNames): string {
  const where = via === undefined ? '' : ` via ${via}`;
  return `${prefix}${where} dev ${names.get(dev) ?? dev} proto ${protocol} metric ${metric}`;
}
