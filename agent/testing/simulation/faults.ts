import { WeftError } from '../../../model/errors.ts';
import type { Deed } from './deeds.ts';
import type { Mishap } from './life-store.ts';
import type { Machine, Running } from './machine.ts';
import type { Sea } from './sea.ts';

/** What goes wrong with machines, agents and the way to the store. */
export const faults: readonly Deed[] = [
  { name: 'cut', weight: 4, act: running('is cut off from the store', ({ store }) => store.cut()) },
  { name: 'heal', weight: 5, act: running('reaches the store', heal, ({ store }) => store.isCut) },
  { name: 'delay', weight: 3, act: running('gets its news late', holdNews) },
  { name: 'news', weight: 5, act: running('gets all its news', release, ({ store }) => store.isHolding) },
  { name: 'freeze', weight: 2, act: running('stands still', freeze) },
  { name: 'thaw', weight: 4, act: running('goes on', thaw, ({ life }) => life.isFrozen) },
  { name: 'mishap', weight: 4, act: running('will have a mishap', mishap) },
  { name: 'half a pass', weight: 2, act: running('will crash within a pass', halfAPass) },
  { name: 'crash', weight: 3, act: running('crashes', (_, sea, machine) => crash(sea, machine)) },
  { name: 'stop', weight: 2, act: running('is stopped', (_, sea, machine) => stop(sea, machine)) },
  { name: 'start', weight: 8, act: start },
  { name: 'power', weight: 2, act: powerOff },
  { name: 'reboot', weight: 1, act: reboot },
  { name: 'disk', weight: 1, act: newDisk },
  { name: 'kernel', weight: 1, act: running('will have a step refused', refuse) },
];

/** What goes wrong with the store as a whole. */
export const disasters: readonly Deed[] = [
  { name: 'save', weight: 3, act: save },
  { name: 'restore', weight: 1, act: restore },
  { name: 'wipe', weight: 1, act: wipe },
  { name: 'compact', weight: 1, act: whole('the store forgets its history', ({ store }) => store.compact()) },
  { name: 'leases', weight: 1, act: whole('all leases end', ({ store }) => store.expireLeases()) },
];

type Act = (running: Running, sea: Sea, machine: Machine) => void;

function heal({ store }: Running): void {
  store.heal();
}

function release({ store }: Running): void {
  store.release();
}

/** To some machine whose agent runs, and which it fits. */
function running(words: string, act: Act, fits: (running: Running) => boolean = () => true): Deed['act'] {
  return (sea) => {
    const all = sea.up.filter((m) => fits(m.running as Running));
    if (all.length === 0) return false;
    const machine = sea.chance.pick(all);
    sea.act(`${machine.name} ${words}`);
    act(machine.running as Running, sea, machine);
    return true;
  };
}

function whole(words: string, act: (sea: Sea) => void): Deed['act'] {
  return (sea) => {
    sea.act(words);
    act(sea);
    return true;
  };
}

/** Of everything, or of some prefixes only: then what belongs together comes apart. */
function holdNews({ store }: Running, sea: Sea): void {
  const all = sea.chance.is(0.5);
  const salt = sea.chance.below(1000);
  if (!all) sea.tell('some of them');
  store.hold((prefix) => all || (prefix.length + salt) % 3 === 0);
}

/** Its lease is not renewed meanwhile. */
function freeze({ life, store }: Running): void {
  store.cut();
  life.freeze();
}

function thaw({ life, store }: Running): void {
  life.thaw();
  store.heal();
}

function mishap({ store }: Running, sea: Sea): void {
  const { chance } = sea;
  const what = chance.pick<Mishap>([
    { kind: 'crash before' },
    { kind: 'crash after' },
    { kind: 'reply lost' },
    { kind: 'request lost' },
    { kind: 'late', ms: chance.between(10, 40_000) },
  ]);
  const after = chance.is(0.5) ? 0 : chance.below(6);
  sea.tell(`${what.kind}, after ${after} transactions`);
  store.plan(what, after);
}

function halfAPass({ kernel }: Running, sea: Sea): void {
  kernel.stepsLeft = sea.chance.below(25);
  sea.tell(`after ${kernel.stepsLeft} steps`);
}

export function crash(sea: Sea, machine: Machine): void {
  machine.crash();
  sea.ledger.crashed(machine.name);
}

function stop(sea: Sea, machine: Machine): void {
  void machine.stop().then(() => {
    sea.ledger.crashed(machine.name);
    sea.tell(`${machine.name} has stopped`);
  });
}

function start(sea: Sea): boolean {
  const down = sea.machines.filter((m) => m.running === undefined);
  if (down.length === 0) return false;
  const machine = sea.chance.pick(down);
  sea.act(`${machine.name} starts${machine.isOn ? '' : ', with its machine'}`);
  machine.powerOn();
  machine.start();
  return true;
}

function powerOff(sea: Sea): boolean {
  const on = sea.machines.filter((m) => m.isOn);
  if (on.length === 0) return false;
  const machine = sea.chance.pick(on);
  sea.act(`${machine.name} loses its power`);
  loseAll(sea, machine);
  return true;
}

/** Its containers come back under their names, or not. */
function reboot(sea: Sea): boolean {
  const on = sea.machines.filter((m) => m.isOn);
  if (on.length === 0) return false;
  const machine = sea.chance.pick(on);
  const names = [...machine.sandboxes].filter(() => sea.chance.is(0.5));
  sea.act(`${machine.name} reboots; sandboxes that come back: ${names.join(', ') || 'none'}`);
  loseAll(sea, machine);
  machine.powerOn();
  machine.start();
  for (const name of names) machine.sandbox(name);
  return true;
}

/** The machine is made anew under its name and address. */
function newDisk(sea: Sea): boolean {
  const machine = sea.chance.pick(sea.machines);
  sea.act(`${machine.name} is made anew, with an empty disk`);
  loseAll(sea, machine);
  machine.eraseDisk();
  machine.powerOn();
  machine.start();
  return true;
}

function loseAll(sea: Sea, machine: Machine): void {
  machine.powerOff();
  sea.ledger.crashed(machine.name);
  sea.ledger.forget((p) => p.machine === machine.name);
}

function refuse(_running: Running, sea: Sea, machine: Machine): void {
  const kind = sea.chance.pick(['vxlan', 'veth', 'fdb', 'neighbour', 'address'] as const);
  sea.tell(`the next ${kind} that it makes`);
  machine.kernel.refuseNext({ op: 'create', kind }, new WeftError('KERNEL_REFUSED', 'ENOBUFS: simulated'));
}

function save(sea: Sea): boolean {
  sea.act('the store is backed up');
  sea.backups.push(sea.store.save());
  return true;
}

function restore(sea: Sea): boolean {
  if (sea.backups.length === 0) return false;
  const backup = sea.chance.pick(sea.backups);
  // One that calls itself the same and has grown past what somebody knew while he was away cannot be told from the one he knew.
  const isSeen = sea.machines.every((m) => m.running !== undefined && isInTouch(m.running));
  const identity = isSeen && sea.chance.is(0.5) ? 'same' : 'another';
  sea.act(
    `a backup of revision ${backup.revision} is put in the place of the store, with ${identity} identity`,
  );
  harm(sea);
  sea.store.replace(backup, identity);
  return true;
}

const isInTouch = ({ store, life }: Running): boolean => !store.isCut && !store.isHolding && !life.isFrozen;

function wipe(sea: Sea): boolean {
  sea.act('the store is wiped');
  harm(sea);
  sea.store.wipe();
  return true;
}

/** What was known for a while by a node that runs and is in contact is known to it still; nothing else is promised any more. */
function harm(sea: Sea): void {
  const { ledger, clock } = sea;
  const now = clock.monotonic();
  const sure = sea.ready.filter((m) => {
    const { agent, since } = m.running as Running;
    return agent.view.state === 'insync' && now - since > 15_000;
  });
  ledger.forget((p) => now - p.at < 15_000 || !sure.some((m) => m.name === p.machine));
  sea.isHarmed = true;
}
