import { statSync } from 'node:fs';
import { checkSandboxName, namespaceName, namespacePath } from './names.ts';
import { ensureNamespace, mustRunIn, namedNamespaces, removeNamespace, runIn } from './netns.ts';
import { ping, type PingOptions, type PingResult } from './ping.ts';
import type { Argv, Outcome, RunOptions } from './run.ts';

/** A named network namespace that stands for a container on one host. */
export class Sandbox {
  /** `c1` */
  readonly name: string;
  readonly host: string;
  /** `weft-lab-<lab>-h1-c1`: what `ip netns` and `weft attach` call it. */
  readonly namespace: string;
  readonly path: string;

  constructor(lab: string, host: string, name: string) {
    this.host = host;
    this.name = checkSandboxName(name);
    this.namespace = namespaceName(lab, `${host}-${name}`);
    this.path = namespacePath(this.namespace);
  }

  /** Makes it, with `lo` up, unless it is there. */
  async ensure(): Promise<this> {
    await ensureNamespace(this.namespace);
    return this;
  }

  /** As when a container dies: the kernel takes its interface away. Absent is success. */
  async remove(): Promise<void> {
    await removeNamespace(this.namespace);
  }

  /** Inode of the namespace: another number means another namespace of the same name. */
  get inode(): number {
    return statSync(this.path).ino;
  }

  /** Runs a command inside; a code other than 0 is an answer. */
  run(argv: Argv, options?: RunOptions): Promise<Outcome> {
    return runIn(this.path, argv, options);
  }

  /** Runs a command inside that has to succeed; returns its output. */
  mustRun(argv: Argv, options?: RunOptions): Promise<string> {
    return mustRunIn(this.path, argv, options);
  }

  /** Real ICMP from inside. */
  ping(address: string, options?: PingOptions): Promise<PingResult> {
    return ping(this.path, address, options);
  }
}

/** The sandboxes of a host that exist now, found by name. */
export function sandboxesOf(lab: string, host: string): readonly Sandbox[] {
  const prefix = namespaceName(lab, `${host}-`);
  return namedNamespaces()
    .filter((name) => name.startsWith(prefix))
    .map((name) => new Sandbox(lab, host, name.slice(prefix.length)))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}
