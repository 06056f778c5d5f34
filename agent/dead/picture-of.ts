import type { NodeId } from '../../model/node.ts';
import type { View } from '../view/view.ts';
import type { Picture } from './picture.ts';

/** The picture as the view shows it now. */
export function pictureOf(self: NodeId, view: View, strangers: ReadonlySet<NodeId>): Picture {
  const doubt = doubtOf(view);
  return {
    self,
    ...(doubt === undefined ? {} : { doubt }),
    nodes: new Map([...view.nodes.records.values()].map(({ value, revision }) => [value.id, revision])),
    alive: new Set([...view.alive.records.values()].map(({ value }) => value.node)),
    strangers,
    fences: new Map(
      [...view.fences.records.values()].map(({ value: { node, kind, by }, revision }) => [
        node,
        { kind, by, revision },
      ]),
    ),
  };
}

function doubtOf(view: View): Picture['doubt'] {
  if (view.state !== 'insync') {
    const why = view.state === 'stale' ? 'the store is out of reach' : 'the store is still being read';
    return { why, broken: true };
  }
  const held = view.held().length;
  if (held > 0) return { why: `the store may not be the one we knew: ${held} keys are held`, broken: true };
  const behind = view.joined().find((id) => view.endpoints(id)?.state !== 'insync');
  if (behind === undefined) return undefined;
  const name = view.networkById(behind)?.name ?? behind;
  return { why: `the endpoints of network ${name} are not in sync`, broken: false };
}
