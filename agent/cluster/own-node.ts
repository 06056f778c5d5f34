import type { Kernel, Underlay, Watching } from '../../linux/kernel.ts';
import type { Clock, Timer } from '../../model/clock.ts';
import { asWeftError } from '../../model/errors.ts';
import { familyOf, tryParseIp, type Ip } from '../../model/ip.ts';
import type { Logger } from '../../model/logger.ts';
import type { Name } from '../../model/name.ts';
import type { NodeId } from '../../model/node.ts';
import { contains, prefixLength, type Prefix } from '../../model/prefix.ts';
import type { NodeContent } from './join.ts';

export interface OwnNodePorts {
  readonly kernel: Pick<Kernel, 'underlay' | 'routes' | 'addresses' | 'watchUnderlay'>;
  /** Whom this node asks for names; absent: nobody. */
  readonly nameServers?: (() => readonly Ip[]) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly id: NodeId;
  readonly name: Name;
  /** Interface or address; empty: the kernel port decides. */
  readonly advertise: string;
  readonly version: string;
}

/** How often the underlay is looked at without a notice of the kernel, in milliseconds. */
const underlayInterval = 30_000;
/** The same after the kernel has refused to say. */
const troubleInterval = 2000;
/** Notices come in bursts; a look follows the first of them after this many milliseconds. */
const burst = 50;
/** The routes are many on some machines, and only serve the overlap check; so do addresses and name servers. */
const routesInterval = 60_000;
/** More than this are not published: of routes those that cover most are. */
const mostRoutes = 256;
const mostAddresses = 256;
const mostNameServers = 16;

/** What a network must not cover, or this node would not reach it any more. */
type Reach = Pick<NodeContent, 'routes' | 'addresses' | 'nameServers'>;

/** What this node says of itself to the others: read from the kernel, and followed while the agent runs. */
export class OwnNode {
  readonly #ports: OwnNodePorts;
  #content: NodeContent | undefined;
  #reach: Reach = { routes: [], addresses: [], nameServers: [] };
  #reachRead = -Infinity;
  #trouble: string | undefined;
  #timer: Timer | undefined;
  #due = 0;
  #watching: Watching | undefined;

  constructor(ports: OwnNodePorts) {
    this.#ports = ports;
  }

  /** Why the underlay cannot be read at present; what was read before stands. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** What was read last, if anything was. */
  get known(): NodeContent | undefined {
    return this.#content;
  }

  /** The same; read now if nothing was. @throws INPUT_INVALID when `advertise` names nothing. */
  async content(): Promise<NodeContent> {
    return this.#content ?? (this.#content = await this.#read());
  }

  /** Looks again whenever the kernel gives notice, and now and then without, and tells what is new. */
  follow(onChange: (content: NodeContent) => void): void {
    this.#watching = this.#ports.kernel.watchUnderlay(() => {
      this.#lookAfter(burst, onChange);
    });
    this.#lookAfter(underlayInterval, onChange);
  }

  /** One look is due at a time; the earlier one counts. */
  #lookAfter(ms: number, onChange: (content: NodeContent) => void): void {
    const due = this.#ports.clock.monotonic() + ms;
    if (this.#timer !== undefined && this.#due <= due) return;
    this.#timer?.cancel();
    this.#due = due;
    this.#timer = this.#ports.clock.after(ms, () => {
      this.#timer = undefined;
      void this.#look(onChange).finally(() => {
        const again = this.#trouble === undefined ? underlayInterval : troubleInterval;
        if (this.#watching !== undefined) this.#lookAfter(again, onChange);
      });
    });
  }

  close(): void {
    this.#watching?.close();
    this.#watching = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #look(onChange: (content: NodeContent) => void): Promise<void> {
    const { logger } = this.#ports;
    try {
      const now = await this.#read();
      const before = this.#content;
      if (this.#trouble !== undefined) logger.info('underlay is back');
      this.#trouble = undefined;
      if (JSON.stringify(now) === JSON.stringify(before)) return;
      this.#content = now;
      if (before?.mtu !== now.mtu || String(before.vteps) !== String(now.vteps)) {
        logger.info('underlay changed', { vteps: now.vteps, mtu: now.mtu });
      }
      onChange(now);
    } catch (error) {
      const { message } = asWeftError(error);
      if (this.#trouble !== message) logger.warn('cannot read the underlay', { error: message });
      this.#trouble = message;
    }
  }

  async #read(): Promise<NodeContent> {
    const { kernel, clock, nameServers, id, name, advertise, version } = this.#ports;
    const underlay = await kernel.underlay(advertise);
    if (clock.monotonic() - this.#reachRead >= routesInterval) {
      this.#reach = reachOf(await kernel.routes(), await kernel.addresses(), nameServers?.() ?? []);
      this.#reachRead = clock.monotonic();
    }
    return {
      id,
      name,
      vteps: vtepsOf(underlay, advertise),
      mtu: underlay.mtu,
      ...this.#reach,
      version,
    };
  }
}

/** Always in the same order, so that only what has changed is news. */
function reachOf(all: readonly Prefix[], addresses: readonly Ip[], nameServers: readonly Ip[]): Reach {
  const routes = all
    .toSorted((a, b) => prefixLength(a) - prefixLength(b) || (a < b ? -1 : 1))
    .slice(0, mostRoutes);
  const isCovered = (ip: Ip): boolean => routes.some((route) => contains(route, ip));
  return {
    routes,
    addresses: addresses
      .filter((ip) => !isCovered(ip))
      .toSorted()
      .slice(0, mostAddresses),
    nameServers: nameServers.slice(0, mostNameServers),
  };
}

/** At most one of each family: the one that was named, else the interface's first. */
function vtepsOf({ addresses }: Underlay, advertise: string): readonly Ip[] {
  const named = tryParseIp(advertise);
  const candidates = named === undefined ? addresses : [named, ...addresses];
  return ([4, 6] as const).flatMap((family) => candidates.find((ip) => familyOf(ip) === family) ?? []);
}
