import type { StatusJson } from '../../../api/schemas/status.ts';
import { call } from '../../lab/call.ts';
import type { Host } from '../../lab/host.ts';
import { readLinks } from '../../lab/tables.ts';
import { underlayInterface } from '../../lab/underlay.ts';
import { underlayAddress } from '../../lab/names.ts';
import { waitFor } from '../../lab/wait.ts';
import { nodeSeenBy, until } from '../nodes.ts';
import type { Scene } from '../scene.ts';
import { demandSilence } from './silence.ts';
import {
  convergence,
  except,
  nobody,
  pairsOf,
  patience,
  stay,
  underTraffic,
  type Recovery,
} from './story.ts';

const touched = pairsOf('h2');
/** Added to the number of a host: an address that nobody has. */
const far = 100;

/** The address of h2's underlay interface becomes another one, and again what it was: the tunnels follow by themselves. */
export function addressChanges(scene: Scene): Promise<Recovery> {
  return underTraffic(scene, 'another underlay address, and back', touched, async (traffic) => {
    const h2 = scene.host('h2');
    const was = h2.address;
    let longest = 0;
    for (const address of [underlayAddress(scene.lab.wish.underlay, h2.number + far), was]) {
      const begun = performance.now();
      await h2.renumber(address);
      await known(scene, 'h2', (node) => node.vteps.includes(address));
      longest = Math.max(longest, await convergence(scene, begun));
      await traffic.goesOn(30, { within: 30_000 });
    }
    return { converged: longest, complaints: [] };
  });
}

/** The MTU of h2's underlay interface becomes smaller, and again what it was: networks and sandboxes follow, nothing is lost. */
export function mtuChanges(scene: Scene): Promise<Recovery> {
  return underTraffic(scene, 'a smaller underlay MTU, and back', nobody, async (traffic) => {
    const h2 = scene.host('h2');
    let longest = 0;
    for (const mtu of [1400, 1500]) {
      const begun = performance.now();
      await h2.setMtu(mtu);
      await interfacesHave(scene, mtu - (scene.lab.wish.underlay === 4 ? 50 : 70));
      longest = Math.max(longest, await convergence(scene, begun));
      await traffic.goesOn(30);
    }
    return { converged: longest, complaints: [] };
  });
}

/**
 * The underlay interface of h2 is taken down for longer than its lease, and up again; with IPv6 its address goes by that, and somebody
 * gives it back. Nobody writes to a kernel.
 */
export function linkFlaps(scene: Scene): Promise<Recovery> {
  return underTraffic(scene, 'the underlay interface down and up', touched, async (traffic) => {
    const [h1, h2] = [scene.host('h1'), scene.host('h2')];
    const silence = await demandSilence(scene.hosts);
    await h2.link('down');
    await until(h1, 'h2', 'down', patience);
    await traffic.goesOn(30, { among: except(touched) });
    const begun = performance.now();
    await h2.link('up');
    await h2.ensure(1500);
    await until(h1, 'h2', 'alive', patience);
    const converged = await convergence(scene, begun);
    await traffic.goesOn(30, { within: 30_000 });
    return { converged, complaints: await silence.broken() };
  });
}

/**
 * The underlay interface of h2 has another name for a while: the agent that was told its name says so, and traffic goes on, since a
 * tunnel leaves from an address and not from an interface.
 */
export function linkIsRenamed(scene: Scene): Promise<Recovery> {
  return underTraffic(
    scene,
    'the underlay interface under another name, and back',
    touched,
    async (traffic) => {
      const h2 = scene.host('h2');
      const silence = await demandSilence(scene.hosts);
      await h2.rename(underlayInterface, 'lan7');
      await troubled(h2, 'there is no such interface');
      await traffic.goesOn(30);
      const begun = performance.now();
      await h2.rename('lan7', underlayInterface);
      await troubled(h2, undefined);
      const converged = await convergence(scene, begun);
      await traffic.goesOn(30);
      return { converged, complaints: await silence.broken() };
    },
  );
}

/** The underlay interface of h2 is deleted, and made anew with another index and MAC. Nobody writes to a kernel. */
export function linkIsMadeAnew(scene: Scene): Promise<Recovery> {
  return underTraffic(scene, 'the underlay interface deleted and made anew', touched, async (traffic) => {
    const h2 = scene.host('h2');
    const silence = await demandSilence(scene.hosts);
    await h2.unplug();
    await troubled(h2, 'there is no such interface');
    await traffic.goesOn(30, { among: except(touched) });
    const begun = performance.now();
    await h2.ensure(1500);
    await troubled(h2, undefined);
    const converged = await convergence(scene, begun);
    await traffic.goesOn(30, { within: 30_000 });
    return { converged, complaints: await silence.broken() };
  });
}

/** Waits until the agent's status names this trouble with the underlay, or none. */
async function troubled(host: Host, what: string | undefined): Promise<void> {
  const look = async (): Promise<boolean> => {
    const { problems } = await call<StatusJson>(host, 'GET', '/v1/status');
    const trouble = problems.find((problem) => problem.what === 'underlay')?.why;
    return what === undefined ? trouble === undefined : trouble?.includes(what) === true;
  };
  const wish = what === undefined ? 'nothing of its underlay' : `of its underlay: ${what}`;
  await waitFor(`${host.name} to say ${wish}`, look, { within: 30_000, every: 50 });
}

async function known(
  scene: Scene,
  name: string,
  holds: (node: NonNullable<Awaited<ReturnType<typeof nodeSeenBy>>>) => boolean,
): Promise<void> {
  for (const host of scene.hosts) {
    const look = async (): Promise<boolean> => {
      const node = await nodeSeenBy(host, name);
      return node?.alive === true && holds(node);
    };
    await waitFor(`${host.name} to know how ${name} is now`, look, { within: 30_000, every: 50 });
  }
}

/** Waits until every interface of every network and sandbox has this MTU. */
async function interfacesHave(scene: Scene, mtu: number): Promise<void> {
  for (const host of scene.hosts) {
    const paths = [...host.networkNamespaces(), host.sandbox(stay).path];
    const look = async (): Promise<true> => {
      const links = (await Promise.all(paths.map((path) => readLinks(path)))).flat();
      const wrong = links.filter((link) => link.name !== 'lo' && link.mtu !== mtu);
      if (wrong.length === 0) return true;
      throw new Error(wrong.map((link) => `${link.name} has ${link.mtu}`).join(', '));
    };
    await waitFor(`every interface on ${host.name} to have an MTU of ${mtu}`, look, {
      within: 30_000,
      every: 50,
    });
  }
}
