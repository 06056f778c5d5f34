import type { Kernel } from '../linux/kernel.ts';
import { sandboxScope } from '../linux/objects/scope.ts';
import type { Sandbox } from '../model/endpoint.ts';
import { hasCode } from '../model/errors.ts';

/**
 * Is the namespace that was attached still the one behind its path? A namespace made anew under the same name is another
 * one. When nobody can tell (too many open files, for instance), it counts as alive.
 */
export function sandboxLives(sandbox: Sandbox, kernel: Pick<Kernel, 'identify'>): boolean {
  try {
    const now = kernel.identify(sandboxScope(sandbox.path));
    return now.bootId === sandbox.bootId && now.cookie === sandbox.cookie;
  } catch (error) {
    return !hasCode(error, 'SANDBOX_INVALID');
  }
}
