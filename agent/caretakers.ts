import type { EndpointId } from '../model/endpoint.ts';
import type { NetworkId } from '../model/network.ts';
import { PoolNews, type PoolNewsPorts } from './addresses/pool-news.ts';
import type { Caretaker } from './caretaker.ts';
import { Collector, type CollectorPorts } from './dead/collector.ts';
import { Drainer, type DrainerPorts } from './dead/drainer.ts';
import { Warden, type WardenPorts } from './networks/warden.ts';
import { adopt } from './operations/adopt.ts';
import { detachAgain, detachDead, detachEndpoint, type Detached } from './operations/detach.ts';
import type { OperationPorts } from './operations/ports.ts';
import { Departed, type DepartedPorts } from './returns/departed.ts';
import type { Returner } from './returns/returner.ts';
import { SandboxWatch, type SandboxWatchPorts } from './sandbox-watch.ts';
import { Strays, type StraysPorts } from './strays.ts';
import { Answerer, type AnswererPorts } from './wait/answerer.ts';

/** What they need together, less what is made of it here. */
export type CaretakersPorts = Omit<WardenPorts, 'detach'> &
  Omit<CollectorPorts, 'grace'> &
  Omit<DrainerPorts, 'detach'> &
  Omit<SandboxWatchPorts, 'grace' | 'own' | 'adopt' | 'detach'> &
  Omit<DepartedPorts, 'detach' | 'intents'> &
  StraysPorts &
  PoolNewsPorts &
  AnswererPorts & {
    readonly operations: OperationPorts;
    readonly returner: Returner;
    readonly config: { readonly deadNodeGrace: number; readonly sandboxGrace: number };
    /** A signal for work on all endpoints of a node. */
    readonly longSignal: () => AbortSignal;
  };

export interface Caretakers {
  readonly collector: Collector;
  readonly sandboxWatch: SandboxWatch;
  /** But for the watch of the sandboxes, which has times of its own. */
  readonly all: readonly Caretaker[];
}

/** Everybody who acts by the view on behalf of nobody. */
export function caretakersOf(ports: CaretakersPorts): Caretakers {
  const { operations, config, returner, longSignal } = ports;
  const detach = (network: NetworkId, endpoint: EndpointId): Promise<Detached> =>
    detachEndpoint(network, endpoint, operations, ports.signal());
  const warden = new Warden({ ...ports, detach });
  const collector = new Collector({ ...ports, signal: longSignal, grace: config.deadNodeGrace });
  const drainer = new Drainer({ ...ports, detach });
  const departed = new Departed({
    ...ports,
    intents: operations.intents,
    detach: (network, endpoint) => detachAgain(network, endpoint, operations, ports.signal()),
  });
  const all = [
    warden,
    collector,
    returner,
    departed,
    drainer,
    new Strays(ports),
    new Answerer(ports),
    new PoolNews(ports),
  ];
  const sandboxWatch = new SandboxWatch({
    ...ports,
    grace: config.sandboxGrace,
    own: () => returner.own(),
    adopt: (network, endpoint) => adopt(network, endpoint, operations, ports.signal()),
    detach: (network, endpoint) => detachDead(network, endpoint, operations, ports.signal()),
  });
  return { collector, sandboxWatch, all };
}
