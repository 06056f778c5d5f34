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

export const networkScope = (id: NetworkId): NetworkScope => `network:${id}`;
export const sandboxScope = (path: string): SandboxScope => `sandbox:${path}`;

export function isSandbox(scope: Scope): scope is SandboxScope {
  return scope.startsWith('sandbox:');
}
