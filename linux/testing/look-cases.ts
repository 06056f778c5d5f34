import { expect } from '@jest/globals';
import * as lab from '../kernel-contract-objects.ts';
import type { Kernel } from '../kernel.ts';
import { keyOf } from '../objects/object.ts';
import type { SandboxScope } from '../objects/scope.ts';

const { scope } = lab;

interface UnderTest {
  readonly kernel: Kernel;
  sandbox(name: string): Promise<SandboxScope>;
}

/** The promises of `look`. */
export function lookCases(promise: (title: string, run: (k: UnderTest) => Promise<void>) => void): void {
  promise(
    'at single entries answers what is there, in whatever form, and nothing for what is not',
    async (k) => {
      const s = await k.sandbox('c1');
      const wished = [
        lab.netns,
        ...lab.bridge,
        lab.vxlan,
        lab.fdb,
        lab.neighbour,
        lab.neighbour6,
        lab.veth(s),
      ];
      await k.kernel.apply(wished.map((object) => ({ op: 'create', object })));
      const absent = { ...lab.fdb, mac: lab.otherNeighbour.mac };
      const asked = [
        lab.otherFdb,
        lab.neighbour,
        lab.otherNeighbour,
        absent,
        { ...lab.neighbour, dev: 'br0' },
        { ...lab.fdb, dev: 'none' },
      ];
      const found = await k.kernel.look(scope, asked);
      expect([...found].map(keyOf).toSorted()).toEqual(
        [lab.fdb, lab.neighbour, lab.neighbour6].map(keyOf).toSorted(),
      );
      expect([found.get(lab.fdb), found.get(lab.neighbour6)]).toEqual([lab.fdb, lab.neighbour6]);
      expect((await k.kernel.look(lab.secondScope, [lab.inSecondNetwork(lab.fdb)])).size).toBe(0);
    },
  );
}
