import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../model/clock.ts';
import { WeftError } from '../../model/errors.ts';
import type { NetworkId } from '../../model/network.ts';
import type { Ip } from '../../model/ip.ts';
import type { Prefix } from '../../model/prefix.ts';
import { Announcer } from '../announcer.ts';
import type {
  Announcement,
  Kernel,
  Observation,
  SandboxIdentity,
  StepResult,
  Underlay,
  Watching,
} from '../kernel.ts';
import {
  cookieHere,
  cookieOf,
  ensureThreadPool,
  inNamespace,
  interfacesHere,
  isNamespace,
  openRtnetlink,
  ownNamespace,
} from '../netns/netns.ts';
import { readMark, removeDeadPins } from '../netns/pin.ts';
import { watchUnderlay } from '../node-info-watch.ts';
import { addressesOf, routesOf, underlayOf } from '../node-info.ts';
import type { Hearing, NoticeListener } from '../notice.ts';
import type { TableEntry } from '../objects/keyed-map.ts';
import type { Namespace } from '../objects/namespace.ts';
import type { ObjectSet } from '../objects/object-set.ts';
import { namespaceName, networkScope, type NetworkScope, type SandboxScope } from '../objects/scope.ts';
import type { Step } from '../plan/step.ts';
import { applySteps } from './apply.ts';
import { LinuxHearing } from './hearing.ts';
import { Namespaces } from './namespaces.ts';
import { look } from './look.ts';
import { isOurMark, observe } from './observe.ts';

export interface LinuxKernelOptions {
  /** Where our network namespaces are pinned. */
  readonly netnsDir: string;
  /**
   * Is told of files that an interrupted pinning or unpinning has left there, once they are removed; absent: they stay, and nothing
   * is written.
   */
  readonly removed?: (path: string) => void;
  /** Path of the namespace that holds the VTEP address; default: the one where we run. */
  readonly nodeNetns?: string;
  /** Paces announcements; default: the machine's clock. */
  readonly clock?: Pick<Clock, 'monotonic' | 'after'>;
}

/**
 * The kernel of this machine. Several may be open at once, also for one directory.
 *
 * @throws PERMISSION_DENIED, SANDBOX_INVALID for `nodeNetns`
 */
export async function openLinuxKernel(options: LinuxKernelOptions): Promise<Kernel> {
  await ensureThreadPool();
  if (options.removed !== undefined)
    for (const path of removeDeadPins(options.netnsDir, (name) => pinName.test(name))) options.removed(path);
  const nodePath = options.nodeNetns ?? ownNamespace;
  const namespaces = new Namespaces(options.netnsDir, openRtnetlink(options.nodeNetns));
  try {
    return new LinuxKernel(namespaces, options, cookieOf(nodePath));
  } catch (error) {
    namespaces.close();
    throw error;
  }
}

/** Of a file that pins the namespace of a network, by its id. */
const pinName = /^weft-([0-9a-f]{16})$/;

class LinuxKernel implements Kernel {
  readonly #namespaces: Namespaces;
  readonly #directory: string;
  readonly #nodeNetns: string | undefined;
  readonly #nodeCookie: string;
  readonly #clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly #announcer: Announcer;
  #hearing: LinuxHearing | undefined;

  constructor(
    namespaces: Namespaces,
    { netnsDir, nodeNetns, clock = machineClock }: LinuxKernelOptions,
    nodeCookie: string,
  ) {
    this.#namespaces = namespaces;
    this.#directory = netnsDir;
    this.#nodeNetns = nodeNetns;
    this.#nodeCookie = nodeCookie;
    this.#clock = clock;
    this.#announcer = new Announcer(clock, async (scope, bridge, frames) => {
      (await namespaces.own(scope))?.packets().send(bridge, frames);
    });
  }

  async namespaces(): Promise<readonly Namespace[]> {
    const found: Namespace[] = [];
    for (const name of listDirectory(this.#directory)) {
      const id = pinName.exec(name)?.[1];
      const path = join(this.#directory, name);
      if (id === undefined || !isNamespace(path)) continue;
      const scope = networkScope(id as NetworkId);
      const mark = await readMark(path);
      if (mark !== undefined && isOurMark(mark, scope)) found.push({ kind: 'netns', scope, mark });
    }
    return found;
  }

  observe(scope: NetworkScope, sandboxes: readonly SandboxScope[]): Promise<Observation> {
    return observe(this.#namespaces, scope, sandboxes);
  }

  look(scope: NetworkScope, entries: readonly TableEntry[]): Promise<ObjectSet> {
    return look(this.#namespaces, scope, entries);
  }

  apply(steps: readonly Step[]): Promise<readonly StepResult[]> {
    const write = (): Promise<readonly StepResult[]> => applySteps(this.#namespaces, steps);
    return this.#hearing === undefined ? write() : this.#hearing.writing(steps, write);
  }

  listen(listener: NoticeListener): Hearing {
    this.#hearing?.close();
    const hearing = new LinuxHearing(this.#namespaces, this.#directory, listener, this.#clock);
    this.#hearing = hearing;
    return {
      hear: (sandboxes) => hearing.hear(sandboxes),
      mind: (scope, settings) => {
        hearing.mind(scope, settings);
      },
      drain: () => {
        hearing.drain();
      },
      close: () => {
        hearing.close();
        if (this.#hearing === hearing) this.#hearing = undefined;
      },
    };
  }

  announce(scope: NetworkScope, bridge: string, announcements: readonly Announcement[]): Promise<void> {
    return this.#announcer.announce(scope, bridge, announcements);
  }

  identify(scope: SandboxScope): SandboxIdentity {
    const path = this.#namespaces.pathOf(scope);
    const inside = inNamespace(path, () => ({ cookie: cookieHere(), interfaces: interfacesHere() }));
    if (inside.cookie === this.#nodeCookie) {
      throw new WeftError('SANDBOX_INVALID', `${path} is the node's own network namespace`, {
        details: { path },
      });
    }
    const network = this.#namespaces.ownAt(path);
    if (network !== undefined) {
      const what = `${path} is ${namespaceName(network)}, in which Weft keeps a network: it is no sandbox`;
      throw new WeftError('SANDBOX_INVALID', what, { details: { path } });
    }
    return { bootId: bootId(), ...inside };
  }

  underlay(advertise: string): Promise<Underlay> {
    return underlayOf(this.#namespaces.node, advertise);
  }

  watchUnderlay(onChange: () => void): Watching {
    return this.#nodeNetns === undefined
      ? watchUnderlay(onChange)
      : inNamespace(this.#nodeNetns, () => watchUnderlay(onChange));
  }

  routes(): Promise<readonly Prefix[]> {
    return routesOf(this.#namespaces.node);
  }

  addresses(): Promise<readonly Ip[]> {
    return addressesOf(this.#namespaces.node);
  }

  bootId(): string {
    return bootId();
  }

  async close(): Promise<void> {
    this.#hearing?.close();
    this.#announcer.close();
    this.#namespaces.close();
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function listDirectory(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new WeftError('KERNEL_REFUSED', `cannot list the network namespaces in ${path}: ${String(error)}`, {
      cause: error,
      details: { path },
    });
  }
}

/** Timers that do not keep the process alive. */
const machineClock: Pick<Clock, 'monotonic' | 'after'> = {
  monotonic: () => performance.now(),
  after(ms, callback) {
    const handle = setTimeout(callback, ms).unref();
    const cancel = (): void => {
      clearTimeout(handle);
    };
    return { cancel, [Symbol.dispose]: cancel };
  },
};
