import type { LinuxObject, ObjectKey } from '../../linux/objects/object.ts';
import type { Clock, Timer } from '../../model/clock.ts';
import type { Events } from '../../model/event.ts';
import type { Metrics } from '../../model/metric.ts';
import type { NetworkId } from '../../model/network.ts';
import { Feuds, type Feud } from './feuds.ts';
import type { Repair } from './repairs.ts';

export interface RepairLogPorts {
  readonly clock: Clock;
  readonly events: Events;
  readonly metrics: Pick<Metrics, 'count'>;
  /** For people. */
  readonly networkName: (id: NetworkId) => string;
}

/** Repairs of one pass that are named one by one; of the rest it is said how many there are. */
const mostNamed = 8;
/** Repairs of one pass that are remembered, lest somebody keeps changing the same. */
const mostRemembered = 1024;
/** Milliseconds between two looks for feuds that are over. */
const lookInterval = 10_000;

/** Tells and counts what was repaired, and what is repaired again and again. */
export class RepairLog {
  readonly #ports: RepairLogPorts;
  readonly #counts = new Map<LinuxObject['kind'], number>();
  readonly #feuds = new Map<NetworkId, Feuds>();
  #timer: Timer | undefined;

  constructor(ports: RepairLogPorts) {
    this.#ports = ports;
  }

  /** Repairs since the start, by kind of object. */
  get counts(): ReadonlyMap<LinuxObject['kind'], number> {
    return this.#counts;
  }

  /** What somebody else keeps changing. */
  *feuds(): Generator<{ readonly network: NetworkId; readonly key: ObjectKey; readonly feud: Feud }, void> {
    for (const [network, feuds] of this.#feuds) {
      for (const [key, feud] of feuds) yield { network, key, feud };
    }
  }

  /** Milliseconds until any of these objects may be repaired; 0: now. */
  patience(network: NetworkId, keys: Iterable<ObjectKey>): number {
    return this.#feuds.get(network)?.patience(keys, this.#ports.clock.monotonic()) ?? 0;
  }

  repaired(network: NetworkId, repairs: readonly Repair[]): void {
    if (repairs.length === 0) return;
    const { events, metrics, clock, networkName } = this.#ports;
    for (const [kind, count] of countByKind(repairs)) {
      this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + count);
      metrics.count('weft_repairs_total', { kind }, count);
    }
    const name = networkName(network);
    const feuds = this.#feuds.get(network) ?? new Feuds();
    this.#feuds.set(network, feuds);
    const fought = new Set(Array.from(feuds, ([key]) => key));
    const news = repairs.filter(({ key }) => !fought.has(key));
    for (const { kind, key, from, to } of news.slice(0, mostNamed)) {
      const fields = { network: name, kind, object: key, from, to };
      events.tell(
        'drift-repaired',
        `${objectText(key)} of network ${name} was changed by somebody: found ${from}, made ${to}`,
        fields,
      );
    }
    if (news.length > mostNamed) {
      const kinds = countByKind(news.slice(mostNamed));
      const text = [...kinds].map(([kind, count]) => `${count} ${kind}`).join(', ');
      const fields = { network: name, kinds: Object.fromEntries(kinds) };
      events.tell(
        'drift-repaired',
        `more of network ${name} was changed by somebody, and is as it was: ${text}`,
        fields,
      );
    }
    for (const { key } of repairs.slice(0, mostRemembered)) {
      const feud = feuds.repaired(key, clock.monotonic());
      if (feud === undefined) continue;
      const text = `${objectText(key)} of network ${name} was repaired ${feud.repairs} times within a minute: somebody keeps changing it; it is repaired with growing pauses from now on`;
      events.tell('drift-fought', text, { network: name, object: key, repairs: feud.repairs });
    }
    this.#timer ??= clock.after(lookInterval, () => {
      this.#look();
    });
  }

  /** The network is gone, and whoever fought over it. */
  forget(network: NetworkId): void {
    this.#feuds.delete(network);
  }

  close(): void {
    this.#timer?.cancel();
  }

  #look(): void {
    const { events, clock, networkName } = this.#ports;
    this.#timer = undefined;
    for (const [network, feuds] of this.#feuds) {
      for (const key of feuds.ended(clock.monotonic())) {
        const name = networkName(network);
        const text = `${objectText(key)} of network ${name} is left in peace again`;
        events.tell('drift-over', text, { network: name, object: key });
      }
      if (feuds.isEmpty) this.#feuds.delete(network);
    }
    if (this.#feuds.size === 0) return;
    this.#timer = clock.after(lookInterval, () => {
      this.#look();
    });
  }
}

function countByKind(repairs: readonly Repair[]): ReadonlyMap<Repair['kind'], number> {
  const counts = new Map<Repair['kind'], number>();
  for (const { kind } of repairs) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** `fdb vxlan0 02:57:0a:07:00:09`; of what is in a sandbox, also where. */
export function objectText(key: ObjectKey): string {
  const at = key.indexOf(' ');
  const [scope, rest] = [key.slice(0, at), key.slice(at + 1)];
  return scope.startsWith('sandbox:') ? `${rest} in ${scope.slice('sandbox:'.length)}` : rest;
}
