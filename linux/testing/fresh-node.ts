import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Kernel } from '../kernel.ts';
import { openLinuxKernel } from '../netlink/kernel.ts';
import {
  isSandbox,
  namespaceName,
  sandboxScope,
  type NetworkScope,
  type SandboxScope,
} from '../objects/scope.ts';
import { freshDirectory, freshNamespace, until, type FreshNamespace } from './fresh-namespace.ts';

/** A node of one test on the real kernel: its namespace, the place of its pins, its sandboxes, and the kernel opened in it. */
export class FreshNode implements AsyncDisposable {
  readonly kernel: Kernel;
  readonly node: FreshNamespace;
  readonly netnsDir: string;
  readonly #cleanUp: DisposableStack;
  readonly #sandboxes = new Map<SandboxScope, FreshNamespace>();

  private constructor(kernel: Kernel, node: FreshNamespace, netnsDir: string, cleanUp: DisposableStack) {
    this.kernel = kernel;
    this.node = node;
    this.netnsDir = netnsDir;
    this.#cleanUp = cleanUp;
  }

  static async open(): Promise<FreshNode> {
    using stack = new DisposableStack();
    const node = stack.use(freshNamespace());
    node.run('ip', 'link', 'set', 'lo', 'up');
    const { path: netnsDir } = stack.use(freshDirectory());
    stack.defer(() => {
      unpinAll(netnsDir);
    });
    const kernel = await openLinuxKernel({ netnsDir, nodeNetns: node.path });
    return new FreshNode(kernel, node, netnsDir, stack.move());
  }

  sandbox(): SandboxScope {
    const made = this.#cleanUp.use(freshNamespace());
    const scope = sandboxScope(made.path);
    this.#sandboxes.set(scope, made);
    return scope;
  }

  /** Ends a sandbox, and waits until the kernel has taken it apart: that happens in the background, all devices at once. */
  async kill(scope: SandboxScope): Promise<void> {
    const sandbox = this.#sandboxes.get(scope);
    if (sandbox === undefined) throw new Error(`${scope} is no sandbox of this node`);
    this.node.run('ip', 'link', 'add', 'canary', 'type', 'veth', 'peer', 'canary', 'netns', sandbox.path);
    sandbox.unpin();
    await until('the sandbox is taken apart', () => !this.node.run('ip', 'link').includes('canary'));
  }

  pathOf(scope: NetworkScope | SandboxScope): string {
    return isSandbox(scope) ? scope.slice('sandbox:'.length) : join(this.netnsDir, namespaceName(scope));
  }

  /** Runs a program inside, behind the kernel object's back, and returns what it prints. */
  run(scope: NetworkScope | SandboxScope, program: string, ...args: readonly string[]): string {
    return execFileSync('nsenter', [`--net=${this.pathOf(scope)}`, program, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    using _cleanUp = this.#cleanUp;
    await this.kernel.close();
  }
}

function unpinAll(directory: string): void {
  for (const name of readdirSync(directory)) {
    try {
      execFileSync('umount', ['--lazy', join(directory, name)], { stdio: 'ignore' });
    } catch {
      // A plain file that pins nothing.
    }
  }
}
