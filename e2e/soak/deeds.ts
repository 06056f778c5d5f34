import type { Member } from '../lab/members.ts';
import { removeNetwork } from './calls.ts';
import type { Scene } from '../testing/scene.ts';
import type { Random } from './random.ts';

/** Somebody's doing in the lab. Returns what was done, in a few words. */
export type Deed = (scene: Scene, random: Random) => Promise<string>;

/** Sandboxes that a host may have in a network. */
const perHost = 5;
/** The networks that are always there. */
export const lastingNetworks = ['blue', 'green'] as const;
/** The sandbox that each host has in a lasting network for the whole run. */
export const lastingSandbox = (network: string): string => `stay-${network}`;

const mayGo = ({ sandbox, network }: Member): boolean => sandbox !== lastingSandbox(network);

const join: Deed = async (scene, random) => {
  const network = random.pick(lastingNetworks) ?? 'blue';
  const host = random.pick(scene.hosts)?.name ?? 'h1';
  const taken = new Set(
    scene.members.filter((m) => m.host === host && m.network === network).map((m) => m.sandbox),
  );
  const free = Array.from({ length: perHost }, (_, n) => `${network}${n}`).filter((name) => !taken.has(name));
  const sandbox = random.pick(free);
  if (sandbox === undefined) return `${host} is full in ${network}`;
  await scene.join(host, sandbox, network);
  return `attach ${host}/${sandbox}`;
};

const leave: Deed = async (scene, random) => {
  const member = random.pick(scene.members.filter(mayGo));
  if (member === undefined) return 'nobody to detach';
  await scene.leave(member.host, member.sandbox, member.network);
  return `detach ${member.host}/${member.sandbox}`;
};

/** The same addresses on another host, as when a container is started anew elsewhere. */
const move: Deed = async (scene, random) => {
  const member = random.pick(scene.members.filter(mayGo));
  const to = random.pick(scene.hosts.filter((host) => host.name !== member?.host))?.name;
  if (member === undefined || to === undefined) return 'nobody to move';
  const { network, sandbox, addresses } = member;
  if (scene.members.some((m) => m.host === to && m.sandbox === sandbox && m.network === network))
    return `${to} has a ${sandbox} already`;
  await scene.leave(member.host, sandbox, network);
  await scene.join(to, sandbox, network, { addresses: [...addresses] });
  return `move ${sandbox} from ${member.host} to ${to}`;
};

const repeat: Deed = async (scene, random) => {
  const member = random.pick(scene.members);
  if (member === undefined) return 'nobody to attach again';
  const again = await scene.join(member.host, member.sandbox, member.network);
  if (again.mac !== member.mac)
    throw new Error(`attached again, ${member.host}/${member.sandbox} has another MAC`);
  return `attach ${member.host}/${member.sandbox} again`;
};

/** A network with an endpoint on each host, from its declaration to its end. */
const passingNetwork: Deed = async (scene, random) => {
  const name = `passing${Math.floor(random.next() * 1e6)}`;
  await scene.declare(name, { subnets: ['10.9.0.0/24', 'fd00:9::/64'] });
  for (const { name: host } of scene.hosts) await scene.join(host, name, name);
  await scene.settled();
  for (const { name: host } of scene.hosts) await scene.leave(host, name, name);
  await removeNetwork(scene, name);
  for (const host of scene.hosts) await host.sandbox(name).remove();
  return `network ${name} came and went`;
};

const restart: Deed = async (scene, random) => {
  const host = random.pick(scene.hosts);
  await host?.agent.restart();
  return `restart ${host?.name ?? ''}`;
};

const crash: Deed = async (scene, random) => {
  const host = random.pick(scene.hosts);
  await host?.agent.kill9();
  await host?.agent.start();
  await host?.agent.waitReady();
  return `crash ${host?.name ?? ''}`;
};

/** How often each is done. */
export const deeds: readonly (readonly [weight: number, deed: Deed])[] = [
  [30, join],
  [25, leave],
  [15, move],
  [10, repeat],
  [4, passingNetwork],
  [2, restart],
  [2, crash],
];
