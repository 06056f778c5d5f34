import { call } from '../lab/call.ts';
import { waitFor } from '../lab/wait.ts';
import type { NetworkJson } from '../../api/schemas/network.ts';
import type { Scene } from '../testing/scene.ts';

/** `weft network rm` on the first host; returns once no host knows the network. */
export async function removeNetwork(scene: Scene, name: string): Promise<void> {
  const [first] = scene.hosts;
  if (first === undefined) return;
  await call(first, 'DELETE', `/v1/networks/${name}`);
  for (const host of scene.hosts) {
    const gone = async (): Promise<boolean> =>
      (await call<readonly NetworkJson[]>(host, 'GET', '/v1/networks')).every(
        (network) => network.name !== name,
      );
    await waitFor(`${host.name} to forget ${name}`, gone, { within: 15_000, every: 50 });
  }
}
