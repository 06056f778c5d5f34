import { WeftError } from '../../model/errors.ts';
import { deleteNamespace, makeNamespace } from '../netns/pin.ts';
import type { Namespace } from '../objects/namespace.ts';
import type { NetworkScope } from '../objects/scope.ts';
import { sameObject } from '../plan/change-table.ts';
import type { Step } from '../plan/step.ts';
import { outcomeOf, refused, type Outcome } from './apply-outcome.ts';
import { setLink } from './codec/link.ts';
import { BodyWriter } from './codec/writer.ts';
import type { NetlinkRefusal } from './message.ts';
import type { Namespaces } from './namespaces.ts';
import { isOurMark, readLinks } from './observe.ts';

/** `ip netns add`, with a mark; the mark rewritten; `ip netns del`. */
export async function applyNamespace(namespaces: Namespaces, step: Step): Promise<Outcome> {
  const wish = step.object as Namespace;
  switch (step.op) {
    case 'create':
      return create(namespaces, step, wish);
    case 'change': {
      const namespace = await namespaces.own(wish.scope);
      if (namespace === undefined) return refused(step, noNamespace(namespaces, wish.scope));
      const request = setLink(new BodyWriter(), 'lo', { up: true, alias: wish.mark });
      const [refusal] = await namespace.rtnetlink.send([request]);
      return outcomeOf(step, refusal);
    }
    case 'delete':
      return remove(namespaces, step, wish);
  }
}

/** Why nothing can be done inside. */
export function noNamespace(namespaces: Namespaces, scope: NetworkScope): NetlinkRefusal {
  return { errno: 'ENOENT', text: `no network namespace is pinned at ${namespaces.pathOf(scope)}` };
}

async function create(namespaces: Namespaces, step: Step, wish: Namespace): Promise<Outcome> {
  const found = await markOf(namespaces, wish.scope);
  const path = namespaces.pathOf(wish.scope);
  if (found === undefined) {
    try {
      makeNamespace(path, wish.mark);
      namespaces.prove(wish.scope);
      return undefined;
    } catch (error) {
      if (error instanceof WeftError && error.code === 'KERNEL_REFUSED') {
        return refused(step, { errno: errnoIn(error), text: error.message });
      }
      throw error;
    }
  }
  if (sameObject({ ...wish, mark: found }, wish)) return undefined;
  return refused(step, { errno: 'EEXIST', text: `the namespace at ${path} bears the mark "${found}"` });
}

async function remove(namespaces: Namespaces, step: Step, wish: Namespace): Promise<Outcome> {
  const namespace = await namespaces.own(wish.scope);
  if (namespace === undefined) {
    deleteNamespace(namespaces.pathOf(wish.scope)); // The plain file that a lost mount leaves.
    return undefined;
  }
  const mark = await markOf(namespaces, wish.scope);
  if (mark !== undefined && !isOurMark(mark, wish.scope)) {
    return refused(step, { errno: 'EPERM', text: `its mark "${mark}" does not say that it is ours` });
  }
  await namespaces.empty(namespace);
  namespaces.forget(wish.scope);
  deleteNamespace(namespace.path);
  return undefined;
}

/** The alias of `lo`; undefined when no namespace is pinned. */
async function markOf(namespaces: Namespaces, scope: NetworkScope): Promise<string | undefined> {
  const namespace = await namespaces.own(scope);
  if (namespace === undefined) return undefined;
  return (await readLinks(namespace.rtnetlink)).find((l) => l.loopback)?.alias ?? '';
}

function errnoIn(error: WeftError): string {
  const { errno } = error.details;
  return typeof errno === 'string' ? errno : error.code;
}
