import type {
  Announcement,
  Kernel,
  Observation,
  SandboxIdentity,
  StepResult,
  Underlay,
  Watching,
} from '../../../linux/kernel.ts';
import type { Hearing, NoticeListener } from '../../../linux/notice.ts';
import type { TableEntry } from '../../../linux/objects/keyed-map.ts';
import type { ObjectSet } from '../../../linux/objects/object-set.ts';
import type { Namespace } from '../../../linux/objects/namespace.ts';
import type { NetworkScope, SandboxScope } from '../../../linux/objects/scope.ts';
import type { Step } from '../../../linux/plan/step.ts';
import type { Ip } from '../../../model/ip.ts';
import type { Prefix } from '../../../model/prefix.ts';
import type { Life } from './life.ts';

export interface LifeKernelPorts {
  readonly life: Life;
  readonly kernel: Kernel;
  /** Sees the steps before they are carried out. */
  readonly audit: (steps: readonly Step[]) => void;
  crash(): void;
}

/** The kernel as one process reaches it: slow at times, and that process may end between two steps. */
export class LifeKernel implements Kernel {
  readonly #ports: LifeKernelPorts;
  /** The process ends after so many steps more. */
  stepsLeft: number | undefined;

  constructor(ports: LifeKernelPorts) {
    this.#ports = ports;
  }

  namespaces(): Promise<readonly Namespace[]> {
    return this.#ports.life.ask(() => this.#ports.kernel.namespaces());
  }

  observe(scope: NetworkScope, sandboxes: readonly SandboxScope[]): Promise<Observation> {
    return this.#ports.life.ask(() => this.#ports.kernel.observe(scope, sandboxes));
  }

  look(scope: NetworkScope, entries: readonly TableEntry[]): Promise<ObjectSet> {
    return this.#ports.life.ask(() => this.#ports.kernel.look(scope, entries));
  }

  apply(steps: readonly Step[]): Promise<readonly StepResult[]> {
    const { life, kernel, audit, crash } = this.#ports;
    return life.ask(async () => {
      audit(steps);
      if (this.stepsLeft === undefined || this.stepsLeft >= steps.length) {
        if (this.stepsLeft !== undefined) this.stepsLeft -= steps.length;
        return kernel.apply(steps);
      }
      const some = steps.slice(0, this.stepsLeft);
      crash();
      await kernel.apply(some);
      return life.never;
    });
  }

  listen(listener: NoticeListener): Hearing {
    const { life, kernel } = this.#ports;
    return kernel.listen({
      onNotice: (scope, notice) => {
        life.run(() => {
          listener.onNotice(scope, notice);
        });
      },
      onOverrun: () => {
        life.run(() => {
          listener.onOverrun();
        });
      },
    });
  }

  announce(scope: NetworkScope, bridge: string, announcements: readonly Announcement[]): Promise<void> {
    return this.#ports.life.ask(() => this.#ports.kernel.announce(scope, bridge, announcements));
  }

  bootId(): string {
    return this.#ports.kernel.bootId();
  }

  identify(scope: SandboxScope): SandboxIdentity {
    return this.#ports.kernel.identify(scope);
  }

  underlay(advertise: string): Promise<Underlay> {
    return this.#ports.life.ask(() => this.#ports.kernel.underlay(advertise));
  }

  watchUnderlay(onChange: () => void): Watching {
    return this.#ports.kernel.watchUnderlay(() => {
      this.#ports.life.run(onChange);
    });
  }

  routes(): Promise<readonly Prefix[]> {
    return this.#ports.life.ask(() => this.#ports.kernel.routes());
  }

  addresses(): Promise<readonly Ip[]> {
    return this.#ports.life.ask(() => this.#ports.kernel.addresses());
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
