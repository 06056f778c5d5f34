import { expect, test } from '@jest/globals';
import { serverFaults } from './lab/store-faults.ts';
import { storeServers } from './lab/store-server.ts';
import { complaintsOf, prepareOutages, runOutage } from './testing/outage.ts';
import { tell } from './testing/scene.ts';
import { labName } from './testing/traces.ts';

const seconds = 10;
const aims = { firstAttach: 1000, rate: 1 } as const;

test('a store that is cut, killed, frozen or black-holed costs no ping, and the first attach after its return is quick', async () => {
  const name = labName('outage');
  await tell({ name, hosts: 3, store: 'etcd', underlay: 4, leaseTtl: '6s' }, async (scene) => {
    await prepareOutages(scene);
    for (const fault of scene.lab.store.servers.flatMap(serverFaults)) {
      const outage = await runOutage(scene, fault, { seconds, port: storeServers.etcd.port });
      const rates = outage.requests.map(({ host, rate }) => `${host} ${rate.toFixed(2)}`).join(', ');
      const { sent, pause, noticed, firstAttach, firstReached, allReady } = outage;
      const times = [firstAttach, firstReached, allReady].map((ms) => ms.toFixed(0)).join(', ');
      console.log(
        `${fault.name}: ${sent} pings, at most ${pause.toFixed(0)} ms without a byte, noticed after ${noticed.toFixed(1)} s; ` +
          `first attach, reached, all ready after ${times} ms (aim ${aims.firstAttach}); ` +
          `requests a second: ${rates} (aim ${aims.rate})`,
      );
      expect(complaintsOf(outage)).toEqual([]);
      expect(firstAttach).toBeLessThan(5 * aims.firstAttach);
    }
  });
}, 150_000);
