import type { Kernel, SandboxIdentity } from '../linux/kernel.ts';
import { sandboxScope } from '../linux/objects/scope.ts';
import type { Sandbox } from '../model/endpoint.ts';
import { hasCode } from '../model/errors.ts';

type Namespace = Pick<Sandbox, 'bootId' | 'cookie'>;

/**
 * Which sandboxes live. A namespace made anew under its name is another one, unless a reboot lies between: then it is the one
 * that was attached, come back, since its name is all that could survive.
 */
export class SandboxLife {
  readonly #kernel: Pick<Kernel, 'identify' | 'bootId'>;
  /** Namespaces that the machine has lost although it calls its boot the same. */
  readonly #lost = new Set<string>();
  /** The first namespace that was found under a name after the reboot, by the one that was there before. */
  readonly #returned = new Map<string, string>();

  constructor(kernel: Pick<Kernel, 'identify' | 'bootId'>) {
    this.#kernel = kernel;
  }

  /** These went as in a reboot: nothing of ours was found in the kernel. */
  lose(sandboxes: Iterable<Sandbox>): void {
    for (const sandbox of sandboxes) this.#lost.add(nameOf(sandbox));
  }

  /**
   * Is the namespace there? `returned`: as another one, after a reboot. When nobody can tell (too many open files, for instance),
   * it counts as there.
   */
  look(sandbox: Sandbox): 'there' | 'returned' | 'gone' {
    try {
      const now = this.#kernel.identify(sandboxScope(sandbox.path));
      if (nameOf(now) === nameOf(sandbox)) {
        // That nothing of ours was found in the kernel had another reason.
        this.#lost.delete(nameOf(sandbox));
        return 'there';
      }
      return this.#hasReturned(sandbox, now) ? 'returned' : 'gone';
    } catch (error) {
      return hasCode(error, 'SANDBOX_INVALID') ? 'gone' : 'there';
    }
  }

  lives(sandbox: Sandbox): boolean {
    return this.look(sandbox) !== 'gone';
  }

  /** Names the namespace that the sandbox is now, the same for all endpoints in it; undefined when it is gone. */
  nameNow(sandbox: Sandbox): string | undefined {
    const state = this.look(sandbox);
    if (state === 'gone') return undefined;
    return state === 'there' ? nameOf(sandbox) : this.#returned.get(nameOf(sandbox));
  }

  /** May it come back under its name, being gone now? A PID and a path of another kind mean nothing after a reboot. */
  isAwaited(sandbox: Sandbox): boolean {
    if (!sandbox.key.startsWith('netns:') || this.#returned.has(nameOf(sandbox))) return false;
    return sandbox.bootId !== this.#kernel.bootId() || this.#lost.has(nameOf(sandbox));
  }

  /** The sandbox as it is now, when it has come back as another namespace. */
  returned(sandbox: Sandbox): Sandbox | undefined {
    if (this.look(sandbox) !== 'returned') return undefined;
    const { bootId, cookie } = this.#kernel.identify(sandboxScope(sandbox.path));
    return { ...sandbox, bootId, cookie };
  }

  #hasReturned(sandbox: Sandbox, now: SandboxIdentity): boolean {
    const old = nameOf(sandbox);
    if (this.isAwaited(sandbox)) this.#returned.set(old, nameOf(now));
    return this.#returned.get(old) === nameOf(now);
  }
}

const nameOf = ({ bootId, cookie }: Namespace): string => `${bootId}/${cookie}`;
