import type { Lab } from './lab.ts';
import { isNamespace } from './netns.ts';

/** How a lab is. */
export interface LabStatus {
  readonly name: string;
  readonly directory: string;
  readonly underlay: 4 | 6;
  readonly store: {
    readonly url: string;
    /** All of it. */
    readonly running: boolean;
    readonly servers: readonly StoreServerStatus[];
  };
  readonly hosts: readonly HostStatus[];
  /** The store runs and every agent is ready. */
  readonly ok: boolean;
}

export interface StoreServerStatus {
  readonly server: string;
  readonly address: string;
  readonly log: string;
  /** Undefined when it does not run. */
  readonly pid?: number;
}

export interface HostStatus {
  readonly host: string;
  readonly address: string;
  readonly namespace: string;
  readonly socket: string;
  readonly log: string;
  /** `missing`: not even the host's network namespace is there. */
  readonly agent: 'ready' | 'not ready' | 'stopped' | 'missing';
  readonly pid?: number;
  readonly sandboxes: readonly string[];
  /** Why the agent is not ready; empty otherwise. */
  readonly why: string;
}

/** Asks every agent whether it is ready. Never throws for what is broken: it says so. */
export async function labStatus(lab: Lab): Promise<LabStatus> {
  const hosts = await Promise.all(
    lab.hosts.map(async (host): Promise<HostStatus> => {
      const { pid } = host.agent;
      const fixed = {
        host: host.name,
        address: host.address,
        namespace: host.namespace,
        socket: host.agent.socket,
        log: host.agent.log,
        sandboxes: host.sandboxes().map((sandbox) => sandbox.name),
      };
      if (!isNamespace(host.path))
        return { ...fixed, agent: 'missing', why: 'the namespace is gone: run lab up' };
      if (pid === undefined) return { ...fixed, agent: 'stopped', why: `see ${host.agent.log}` };
      try {
        const { status, body } = await host.agent.request('GET', '/readyz', undefined, 3000);
        if (status === 200) return { ...fixed, pid, agent: 'ready', why: '' };
        return { ...fixed, pid, agent: 'not ready', why: reasonsIn(body) };
      } catch (error) {
        return {
          ...fixed,
          pid,
          agent: 'not ready',
          why: error instanceof Error ? error.message : String(error),
        };
      }
    }),
  );
  const { running, url } = lab.store;
  const servers = lab.store.servers.map(({ name, address, log, pid }): StoreServerStatus => {
    const fixed = { server: name, address, log };
    return pid === undefined ? fixed : { ...fixed, pid };
  });
  return {
    name: lab.name,
    directory: lab.directory,
    underlay: lab.wish.underlay,
    store: { url, running, servers },
    hosts,
    ok: running && hosts.every((host) => host.agent === 'ready'),
  };
}

/** What /readyz says when it does not answer 200. */
function reasonsIn(body: unknown): string {
  const { reasons } = (body ?? {}) as { readonly reasons?: readonly string[] };
  return reasons?.join('; ') ?? JSON.stringify(body);
}
