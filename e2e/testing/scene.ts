import type { AttachBody } from '../../api/schemas/endpoint.ts';
import type { AcceptedNetworkJson } from '../../api/schemas/network.ts';
import { compareTables, type Tables } from '../expected-tables.ts';
import { activeNetwork, applyNetwork, attach, detach } from '../lab/call.ts';
import type { Host } from '../lab/host.ts';
import { createLab, type Lab, type LabWish } from '../lab/lab.ts';
import { memberOf, waitProgrammed, type Member } from '../lab/members.ts';
import { allPairs, pingPairs, type PairResult } from '../lab/ping-table.ts';
import { logTail } from '../lab/process.ts';
import { removeLab } from '../lab/remove.ts';
import { waitFor } from '../lab/wait.ts';

/** A pair of a failed ping, as one line. */
export type Line = string;

/**
 * A lab in which a story is told. It keeps its own books: who was attached where, by what the story did, so that what the
 * product holds can be compared with it.
 */
export class Scene {
  readonly lab: Lab;
  readonly #members = new Map<string, Member>();
  readonly #networks = new Map<string, AcceptedNetworkJson>();

  constructor(lab: Lab) {
    this.lab = lab;
  }

  get hosts(): readonly Host[] {
    return this.lab.hosts;
  }

  host(name: string): Host {
    return this.lab.host(name);
  }

  /** Who is attached now. */
  get members(): readonly Member[] {
    return [...this.#members.values()];
  }

  network(name: string): AcceptedNetworkJson {
    const found = this.#networks.get(name);
    if (found === undefined) throw new Error(`the story has no network ${name}`);
    return found;
  }

  /** `weft network apply` on the first host; returns once every host knows the network as active. */
  async declare(
    name: string,
    declaration: Readonly<Record<string, unknown>>,
    hosts = this.hosts,
  ): Promise<AcceptedNetworkJson> {
    const [first] = hosts;
    if (first === undefined) throw new Error('a scene has at least one host');
    await applyNetwork(first, name, declaration);
    return this.adopt(name, hosts);
  }

  /** Waits until every host knows a network that somebody else has declared, and takes it into the books. */
  async adopt(name: string, hosts = this.hosts, within = 15_000): Promise<AcceptedNetworkJson> {
    for (const host of hosts) {
      const known = (): ReturnType<typeof activeNetwork> => activeNetwork(host, name);
      this.#networks.set(name, await waitFor(`${host.name} to know ${name}`, known, { within }));
    }
    return this.network(name);
  }

  /** Attaches a sandbox, made if need be, to a network; `wish` as in the body of POST /v1/attach. */
  async join(
    hostName: string,
    sandbox: string,
    network: string,
    wish: Partial<AttachBody> = {},
  ): Promise<Member> {
    const host = this.host(hostName);
    const { namespace } = await host.sandbox(sandbox).ensure();
    const endpoint = await attach(host, { network, sandbox: namespace, ...wish });
    const member = memberOf(host, endpoint);
    this.#members.set(`${hostName}/${sandbox} ${network}`, member);
    return member;
  }

  /** Detaches a sandbox; the sandbox stays. */
  async leave(hostName: string, sandbox: string, network: string): Promise<void> {
    const host = this.host(hostName);
    await detach(host, network, host.sandbox(sandbox).namespace);
    this.#members.delete(`${hostName}/${sandbox} ${network}`);
  }

  member(hostName: string, sandbox: string, network?: string): Member {
    const found = this.members.find(
      (m) => m.host === hostName && m.sandbox === sandbox && (network === undefined || m.network === network),
    );
    if (found === undefined) throw new Error(`the story has attached nobody as ${hostName}/${sandbox}`);
    return found;
  }

  /** Waits until every agent that takes part says that its kernel holds every member. Of hosts that are gone nothing is expected. */
  settled(within?: number, gone: readonly string[] = []): Promise<void> {
    const { hosts, members } = this.#without(gone);
    return waitProgrammed(hosts, members, within);
  }

  /** Pings every pair in both families and returns what went otherwise than expected; empty is good. */
  async wrongPings(members = this.members): Promise<readonly Line[]> {
    const results = await pingPairs(allPairs(members));
    if (!results.some((result) => result.expected === 'reachable'))
      throw new Error('no pair has to reach another');
    return results.filter((result) => !result.ok).map(lineOf);
  }

  /**
   * FDB, neighbours, ports and links of every host and network: what the books ask for, and what the kernels hold. Hosts that are
   * `gone` are not looked at, and their members are not expected anywhere.
   */
  tables(
    gone: readonly string[] = [],
  ): Promise<{ readonly expected: Record<string, Tables>; readonly actual: Record<string, Tables> }> {
    const networks = [...this.#networks.values()];
    const routed = new Set(networks.filter(isRouted).map((network) => network.id));
    const situation = { ...this.#without(gone), routed };
    return compareTables(
      situation,
      networks.map((network) => network.id),
    );
  }

  /** Waits until the kernels of all hosts hold exactly what the books ask for; otherwise the test shows the difference. */
  async tablesAgree(
    within = 5000,
    gone: readonly string[] = [],
  ): Promise<Awaited<ReturnType<Scene['tables']>>> {
    const same = async (): Promise<boolean> => {
      const { expected, actual } = await this.tables(gone);
      return JSON.stringify(expected) === JSON.stringify(actual);
    };
    await waitFor('the tables to agree', same, { within, every: 50 }).catch(() => undefined);
    return this.tables(gone);
  }

  #without(gone: readonly string[]): {
    readonly hosts: readonly Host[];
    readonly members: readonly Member[];
  } {
    return {
      hosts: this.hosts.filter(({ name }) => !gone.includes(name)),
      members: this.members.filter(({ host }) => !gone.includes(host)),
    };
  }
}

/** Tells a story in a lab of its own and removes the lab. When it fails, the error ends with each agent's last words. */
export async function tell(wish: LabWish, story: (scene: Scene) => Promise<void>): Promise<void> {
  await removeLab(wish.name);
  try {
    await story(new Scene(await createLab(wish)));
  } catch (error) {
    if (error instanceof Error) error.message += lastWords(wish);
    throw error;
  } finally {
    await removeLab(wish.name);
  }
}

function lastWords(wish: LabWish): string {
  const hosts = Array.from({ length: wish.hosts }, (_, i) => `h${i + 1}`);
  const parts = hosts.map((host) => {
    const lines = logTail(`/run/weft-lab/${wish.name}/${host}/log`, 15);
    return `\n--- log of ${host}\n${lines.join('\n')}`;
  });
  return `\n${parts.join('')}`;
}

function lineOf({ from, to, address, expected, reached, why }: PairResult): Line {
  const answer = reached ? 'answered' : `silent ${why}`.trimEnd();
  return `${from.host}/${from.sandbox} -> ${to.host}/${to.sandbox} (${to.network}) ${address}: ${expected}, ${answer}`;
}

function isRouted(network: AcceptedNetworkJson): boolean {
  const v6 = network.subnets.filter((subnet) => subnet.cidr.includes(':')).length;
  return v6 > 1 || network.subnets.length - v6 > 1;
}
