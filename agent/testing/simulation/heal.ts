import type { Machine } from './machine.ts';
import type { Sea } from './sea.ts';

/** Milliseconds between two looks of the operator. */
const interval = 10_000;

/** All faults are over; what stays off is fewer than half of the machines. */
export function heal(sea: Sea): void {
  sea.act('all faults are over');
  const lost = sea.machines.filter((m) => !m.isOn);
  const most = sea.chance.below(Math.ceil(sea.machines.length / 2));
  for (const machine of sea.machines) {
    if (lost.includes(machine) && lost.indexOf(machine) < most) {
      sea.tell(`${machine.name} never comes back`);
      continue;
    }
    machine.powerOn();
    const { running } = machine;
    if (running === undefined) {
      machine.start();
      continue;
    }
    running.store.forgive();
    running.kernel.stepsLeft = undefined;
    running.life.thaw();
    running.store.heal();
    running.store.release();
  }
  helpLater(sea);
}

/** What an operator does who looks at `weft status` now and then. */
function helpLater(sea: Sea): void {
  sea.clock.after(interval, () => {
    for (const machine of sea.machines) {
      if (machine.isOn && machine.running === undefined) machine.start();
      if (machine.isReady) help(sea, machine);
    }
    helpLater(sea);
  });
}

function help(sea: Sea, { agent, service, name }: Machine): void {
  const { view, trust } = agent;
  if (trust.standing.kind === 'foreign')
    sea.perform(
      `${name}: join the store's cluster`,
      () => service.joinStore(),
      ({ cluster }) => `joined ${cluster}`,
    );
  if (view.state !== 'insync') return;
  const held = view.held();
  if (held.length > 0 && trust.refused.size > 0)
    sea.perform(
      `${name}: accept the store, which lacks ${held.join(', ')}`,
      () => service.acceptStore(),
      ({ released }) => `${released.length} keys are given up`,
    );
  const known = view.nodeList().map(({ id }) => id);
  const dead = known.filter((id) => !view.isAlive(id));
  // Machines that were made anew have left more names behind than there are nodes: nobody collects without being told.
  if (2 * dead.length <= known.length) return;
  for (const node of dead)
    sea.perform(
      `${name}: forget node ${node}, of which there are too many`,
      () => service.forgetNode({ node }),
      ({ endpoints }) => `forgotten, ${endpoints} endpoints given up`,
    );
}
