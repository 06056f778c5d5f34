import type { NetworkId } from '../../model/network.ts';

/**
 * Names a network namespace as this node knows it.
 *
 * - `node`: the one that holds the VTEP address.
 * - `network:<id>`: ours, pinned in the configured directory as `weft-<id>`; everything inside is ours.
 * - `sandbox:<path>`: somebody else's, visited for one synchronous stretch and never held.
 */
export type Scope = 'node' | NetworkScope | SandboxScope;
export type NetworkScope = `network:${string}`;
export type SandboxScope = `sandbox:${string}`;

/** One text for all objects of a network, one behind the other: then it is compared at a glance. */
export function networkScope(id: NetworkId): NetworkScope {
  if (last.id !== id) last = { id, scope: `network:${id}` };
  return last.scope;
}
let last: { readonly id: string; readonly scope: NetworkScope } = { id: '', scope: 'network:' };

export const sandboxScope = (path: string): SandboxScope => `sandbox:${path}`;

/** Where the other end of an observed port is when it is in none of the sandboxes that the observer was asked about. */
export const unknownSandbox: SandboxScope = 'sandbox:';

export function isSandbox(scope: Scope): scope is SandboxScope {
  return scope.startsWith('sandbox:');
}

/** What our pinned namespace is called: `weft-<id>`. */
export const namespaceName = (scope: NetworkScope): string => `weft-${scope.slice('network:'.length)}`;
