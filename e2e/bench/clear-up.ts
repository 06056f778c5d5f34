import { listLabs, removeLab } from '../lab/remove.ts';
import { namedNamespaces, removeNamespace } from '../lab/netns.ts';
import { endBackEnds } from './store/back-ends.ts';

/** Removes what a run with this prefix has made: its stores, its labs and its namespaces. Absent is success. */
export async function clearUp(prefix: string): Promise<void> {
  await endBackEnds();
  for (const lab of listLabs()) if (lab.startsWith(prefix)) await removeLab(lab);
  for (const name of namedNamespaces()) if (name.startsWith(`weft-${prefix}-`)) await removeNamespace(name);
}
