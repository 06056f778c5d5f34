import type { RemoveNetwork } from '../../api/service.ts';
import type { RemovedNetworkJson, WaitsFor } from '../../api/schemas/network.ts';
import type { NetworkState } from '../../kvstore/records/network-json.ts';
import { sleep } from '../../model/clock.ts';
import { hasCode, WeftError } from '../../model/errors.ts';
import type { Name } from '../../model/name.ts';
import type { Network } from '../../model/network.ts';
import type { Agent } from '../agent.ts';
import { detachEndpoint } from '../operations/detach.ts';
import { waitedFor } from '../wait/waited.ts';
import { beginRemoval, finishRemoval, type Removal } from './remove.ts';

/** How long a removal may take, in milliseconds. */
const patience = 10_000;
/** How long a caller waits until this node's own view shows what he has just changed. */
const viewPatience = 2000;
/** How long, and how often, the end of a forced removal is waited for. */
const removalPatience = 5000;
const removalPoll = 50;

/** Removes networks for those who ask for it, and waits for the end. */
export class Removals {
  readonly #agent: Agent;
  readonly #waitsFor: (state: NetworkState | undefined) => Promise<WaitsFor | undefined>;

  constructor(agent: Agent, waitsFor: (state: NetworkState | undefined) => Promise<WaitsFor | undefined>) {
    this.#agent = agent;
    this.#waitsFor = waitsFor;
  }

  /** @throws NETWORK_NOT_FOUND, NETWORK_IN_USE. */
  async remove({ name, force, wait, timeout = patience }: RemoveNetwork): Promise<RemovedNetworkJson> {
    const agent = this.#agent;
    agent.self();
    const signal = agent.deadline(wait === true ? timeout : patience);
    const removal = { name, force, by: agent.ports.settings.config.name };
    const known = agent.view.network(name)?.value;
    if (wait === true && known !== undefined && 'id' in known)
      return this.#removeEverywhere(known, removal, signal);
    return this.#removed(name, await this.#awaitRemoval(await this.#beginRemoval(removal, signal), signal));
  }

  /** What is meant from now on. @throws NETWORK_NOT_FOUND, NETWORK_IN_USE. */
  async #beginRemoval(removal: Removal, signal: AbortSignal): Promise<Required<Removal> | 'gone'> {
    const begun = await beginRemoval(removal, this.#agent.networkPorts.remove(signal));
    if (begun.kind === 'nothing') throw networkNotFound(removal.name);
    return begun.kind === 'gone' ? 'gone' : { ...removal, id: begun.id };
  }

  async #removeEverywhere(
    { id, name }: Network,
    removal: Removal,
    signal: AbortSignal,
  ): Promise<RemovedNetworkJson> {
    const agent = this.#agent;
    const { asker } = agent.operations;
    const kept = new AbortController();
    const ends: { readonly begun: Required<Removal> | 'gone'; readonly isGone: Promise<boolean> }[] = [];
    const inquiry = { network: id, matter: { kind: 'no network' }, since: asker.now() } as const;
    const reaction = await asker.ask(inquiry, AbortSignal.any([signal, kept.signal]), async () => {
      const begun = await this.#beginRemoval(removal, signal);
      const isGone = this.#awaitRemoval(begun, signal).catch((error: unknown) => {
        if (hasCode(error, 'NETWORK_IN_USE')) kept.abort(error);
        return false;
      });
      ends.push({ begun, isGone });
    });
    const [{ begun, isGone } = { begun: 'gone', isGone: true } as const] = ends;
    const isEarly = await isGone;
    kept.signal.throwIfAborted();
    const message = `network ${name} is being removed`;
    const waited = waitedFor(reaction, { message, fields: { network: name } }, agent);
    const isDone = isEarly || (await this.#awaitRemoval(begun, signal, 0));
    return { ...(await this.#removed(name, isDone)), waited };
  }

  async #removed(name: Name, isDone: boolean): Promise<RemovedNetworkJson> {
    const { view } = this.#agent;
    if (!isDone) {
      const waitsFor = await this.#waitsFor(view.network(name)?.value);
      return { state: 'removing', ...(waitsFor === undefined ? {} : { waitsFor }) };
    }
    await seen(this.#agent, () => view.network(name) === undefined);
    return { state: 'removed' };
  }

  /**
   * True: nothing is left of it. False: other nodes still have to detach what they hold.
   *
   * @throws NETWORK_IN_USE: the network stays, since an endpoint had slipped in, whoever has noticed that first.
   */
  async #awaitRemoval(
    removal: Required<Removal> | 'gone',
    signal: AbortSignal,
    within = removalPatience,
  ): Promise<boolean> {
    if (removal === 'gone') return true;
    const agent = this.#agent;
    const { name, id } = removal;
    const end = agent.ports.clock.monotonic() + within;
    await this.#detachOwn(name, signal);
    for (;;) {
      const ending = await finishRemoval(name, id, agent.networkPorts.remove(signal));
      if (ending === 'gone') return true;
      if (ending === 'kept') {
        // Names who holds it; when that has gone meanwhile, the removal goes on.
        if ((await this.#beginRemoval(removal, signal)) === 'gone') return true;
        continue;
      }
      if (agent.ports.clock.monotonic() >= end) return false;
      await sleep(agent.ports.clock, removalPoll, signal);
    }
  }

  /** Of a network that is removed by force; otherwise it has none. */
  async #detachOwn(name: Name, signal: AbortSignal): Promise<void> {
    const { view, operations, id } = this.#agent;
    const state = view.network(name)?.value;
    if (state === undefined || !('id' in state) || state.phase.kind !== 'removing' || !state.phase.force)
      return;
    const own = [...(view.endpoints(state.id)?.records.values() ?? [])].filter((e) => e.value.node === id);
    for (const { value } of own) await detachEndpoint(state.id, value.id, operations, signal);
  }
}

/** Waits for the own view, so that the caller's next question is answered by what he did; not for ever. */
export async function seen(agent: Agent, isSeen: () => boolean): Promise<void> {
  const late = agent.deadline(viewPatience);
  await agent.view.until(() => (isSeen() ? true : undefined), late).catch(() => undefined);
}

export function networkNotFound(name: Name): WeftError {
  return new WeftError('NETWORK_NOT_FOUND', `there is no network ${name}`, { details: { network: name } });
}
