import { ensureNamespace, ipBatch, removeNamespace } from '../../lab/netns.ts';
import { namespacePath } from '../../lab/names.ts';

/** A namespace with the same bridge and tunnel device as the product makes, for those who only add entries. */
export interface Ground extends AsyncDisposable {
  readonly path: string;
  readonly device: string;
}

/** Where all tunnels of this benchmark start; the entries lead to other addresses of this documentation prefix. */
export const localVtep = '192.0.2.1';

/** Made anew for each measurement: a table that once was large is another table. */
export async function layGround(prefix: string): Promise<Ground> {
  const name = `weft-${prefix}-ground`;
  const path = namespacePath(name);
  const device = 'vxlan0';
  await ensureNamespace(name);
  await ipBatch(path, [
    'link add br0 type bridge mcast_snooping 0',
    `link add ${device} type vxlan id 7 local ${localVtep} dstport 4789 nolearning proxy`,
    `link set ${device} master br0 addrgenmode none up`,
    'link set br0 addrgenmode none up',
  ]);
  return {
    path,
    device,
    async [Symbol.asyncDispose]() {
      // With the device its entries go at once; with the namespace they would go some time later, beside the next measurement.
      await ipBatch(path, [`link del ${device}`]);
      await removeNamespace(name);
    },
  };
}
