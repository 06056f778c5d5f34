import type { Ip } from '../../model/ip.ts';
import type { Mac } from '../../model/mac.ts';
import type { Prefix } from '../../model/prefix.ts';
import type { Kernel } from '../kernel.ts';
import type { NetworkScope, SandboxScope } from '../objects/scope.ts';

/** Something that somebody else puts into a namespace, without any mark of ours. */
export type Foreign =
  /** A bridge of this name, down. */
  | { readonly what: 'link'; readonly name: string }
  | { readonly what: 'address'; readonly dev: string; readonly ip: Ip; readonly length: number }
  /** A default route of the family of `via`, as `ip route add default` makes it. */
  | { readonly what: 'default route'; readonly dev: string; readonly via: Ip }
  /** A route that leads nowhere; in a network namespace only. */
  | { readonly what: 'blackhole'; readonly prefix: Prefix }
  /** On a tunnel device; in a network namespace only. */
  | { readonly what: 'fdb'; readonly dev: string; readonly mac: Mac; readonly dst: Ip };

/** One kernel under test, with hands to act behind its back. */
export interface KernelUnderTest {
  readonly kernel: Kernel;
  /** A new, empty network namespace that is not ours. */
  sandbox(name: string): Promise<SandboxScope>;
  /** Ends the sandbox as the exit of its last process would. */
  killSandbox(scope: SandboxScope): Promise<void>;
  foreign(scope: NetworkScope | SandboxScope, foreign: Foreign): Promise<void>;
  /** Closes the kernel and removes all that the test made, network namespaces included. */
  dispose(): Promise<void>;
}
