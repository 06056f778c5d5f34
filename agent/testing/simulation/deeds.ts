import { attachBody, detachBody } from '../../../api/schemas/endpoint.ts';
import { encodeText } from '../../../kvstore/store.ts';
import type { Name } from '../../../model/name.ts';
import type { Machine } from './machine.ts';
import type { Sea } from './sea.ts';

/** Something that may happen. */
export interface Deed {
  readonly name: string;
  readonly weight: number;
  /** False: not now. */
  act(sea: Sea): boolean;
}

const networks = ['blue', 'red', 'green'] as const;
const sandboxes = ['c1', 'c2', 'c3', 'c4'] as const;
/** Small, so that addresses are contested; some of them overlap. */
const plans: readonly (readonly string[])[] = [
  ['10.7.0.0/29'],
  ['10.7.0.0/28'],
  ['10.8.0.0/29', 'fd00:8::/64'],
  ['fd00:7::/64'],
  ['10.9.0.0/29', '10.9.0.16/29'],
];
const fixed = ['10.7.0.2', '10.7.0.3', '10.8.0.2', 'fd00:8::2', 'fd00:7::2', '10.9.0.2'] as const;
const macs = ['02:00:00:00:00:01', '02:00:00:00:00:02'] as const;
const names = ['db', 'web', 'app'] as const;

interface Place {
  readonly machine: Machine;
  readonly sandbox: string;
  readonly network: string;
}

/** What operators and containers do. */
export const deeds: readonly Deed[] = [
  { name: 'attach', weight: 14, act: on((sea, machine) => attach(sea, placeOn(sea, machine), somehow(sea))) },
  { name: 'detach', weight: 6, act: on((sea, machine) => detach(sea, known(sea, machine))) },
  { name: 'move', weight: 3, act: move },
  { name: 'crowd', weight: 2, act: crowd },
  { name: 'create', weight: 3, act: on(create) },
  { name: 'create twice', weight: 1, act: createTwice },
  { name: 'change', weight: 1, act: on(change) },
  { name: 'declare', weight: 2, act: declare },
  { name: 'undeclare', weight: 1, act: undeclare },
  { name: 'remove', weight: 1, act: on((sea, machine) => remove(sea, machine, false)) },
  { name: 'force', weight: 1, act: on((sea, machine) => remove(sea, machine, true)) },
  { name: 'forget', weight: 2, act: on(forget) },
  { name: 'drain', weight: 1, act: on(drain) },
  { name: 'sandbox', weight: 3, act: sandboxDies },
];

/** By a machine that is ready. */
function on(act: (sea: Sea, machine: Machine) => void): Deed['act'] {
  return (sea) => {
    if (sea.ready.length === 0) return false;
    act(sea, sea.chance.pick(sea.ready));
    return true;
  };
}

function placeOn({ chance }: Sea, machine: Machine): Place {
  const network = chance.is(0.6) ? 'blue' : chance.pick(networks);
  return { machine, sandbox: chance.pick(sandboxes), network };
}

/** Rather one that is there. */
function known(sea: Sea, machine: Machine): Place {
  const there = sea.ledger.attached().filter((p) => p.machine === machine.name);
  if (there.length === 0 || sea.chance.is(0.2)) return placeOn(sea, machine);
  return { ...sea.chance.pick(there), machine };
}

interface Wish {
  readonly name?: string;
  readonly addresses?: string[];
  readonly mac?: string;
}

function somehow({ chance }: Sea): Wish {
  return {
    ...(chance.is(0.3) ? { name: chance.pick(names) } : {}),
    ...(chance.is(0.3) ? { addresses: [chance.pick(fixed)] } : {}),
    ...(chance.is(0.1) ? { mac: chance.pick(macs) } : {}),
  };
}

function attach(sea: Sea, { machine, sandbox, network }: Place, wish: Wish): void {
  const { ledger, clock } = sea;
  const path = machine.sandbox(sandbox);
  const promise = ledger.begin(machine.name, sandbox, network);
  const more = Object.keys(wish).length === 0 ? '' : ` with ${JSON.stringify(wish)}`;
  const body = attachBody.parse({ network, sandbox: path, ...wish });
  sea.perform(
    `${machine.name}: attach ${sandbox} to ${network}${more}`,
    () => machine.service.attach(body),
    (endpoint) => {
      promise.attached(endpoint.id, endpoint.networkId, clock.monotonic());
      return `it has ${endpoint.addresses.join(', ')}`;
    },
    () => {
      promise.failed();
    },
  );
}

function detach(sea: Sea, { machine, sandbox, network }: Place): void {
  const promise = sea.ledger.begin(machine.name, sandbox, network);
  const body = detachBody.parse({ network, sandbox: `/run/netns/${sandbox}` });
  sea.perform(
    `${machine.name}: detach ${sandbox} from ${network}`,
    () => machine.service.detach(body),
    ({ detached, storePending }) => {
      promise.detached();
      return `${detached ? 'detached' : 'nothing to undo'}${storePending === true ? ', store pending' : ''}`;
    },
    () => {
      promise.failed();
    },
  );
}

/** Off one machine and onto another at once, with all that it had. */
function move(sea: Sea): boolean {
  const here = sea.ledger.attached();
  if (here.length === 0 || sea.ready.length < 2) return false;
  const { machine: name, sandbox, network, endpoint } = sea.chance.pick(here);
  const from = sea.ready.find((m) => m.name === name);
  if (from === undefined) return false;
  const record = sea.content().endpoints.find((e) => e.id === endpoint);
  if (record === undefined) return false;
  detach(sea, { machine: from, sandbox, network });
  const to = sea.chance.pick(sea.ready.filter((m) => m !== from));
  const { mac, addresses } = record;
  attach(sea, { machine: to, sandbox, network }, { mac, addresses: [...addresses] });
  return true;
}

/** Several want the same at once. */
function crowd(sea: Sea): boolean {
  if (sea.ready.length < 2) return false;
  const wish = { addresses: [sea.chance.pick(fixed.slice(0, 2))], name: sea.chance.pick(names) };
  for (const machine of sea.ready)
    attach(sea, { machine, sandbox: sea.chance.pick(sandboxes), network: 'blue' }, wish);
  return true;
}

function create(sea: Sea, machine: Machine): void {
  const name = sea.chance.pick(networks);
  const subnets = sea.chance.pick(plans);
  sea.perform(
    `${machine.name}: create network ${name} (${subnets.join(', ')})`,
    () => machine.service.createNetwork({ name: name as Name, declaration: { subnets: [...subnets] } }),
    () => 'created',
  );
}

/** Two operators at one moment, with subnets that overlap. */
function createTwice(sea: Sea): boolean {
  if (sea.ready.length < 2) return false;
  const [one, other] = [sea.ready[0] as Machine, sea.ready[1] as Machine];
  for (const [machine, name, subnet] of [
    [one, 'red', '10.6.0.0/29'],
    [other, 'green', '10.6.0.0/28'],
  ] as const)
    sea.perform(
      `${machine.name}: create network ${name} (${subnet}), at the same time as another`,
      () => machine.service.createNetwork({ name: name as Name, declaration: { subnets: [subnet] } }),
      () => 'created',
    );
  return true;
}

function change(sea: Sea, machine: Machine): void {
  const name = sea.chance.pick(networks);
  const mtu = sea.chance.pick([1280, 1400]);
  const subnets = sea
    .content()
    .networks.find((n) => n.name === name)
    ?.subnets.map((s) => s.prefix);
  sea.perform(
    `${machine.name}: apply network ${name} with MTU ${mtu}`,
    () =>
      machine.service.applyNetwork({
        name: name as Name,
        declaration: { subnets: subnets ?? [...sea.chance.pick(plans)], mtu },
      }),
    ({ outcome }) => outcome,
  );
}

function declare(sea: Sea): boolean {
  const name = sea.chance.pick(networks);
  const text = JSON.stringify({ subnets: sea.chance.pick(plans) });
  const key = `networks/${name}`;
  sea.perform(
    `an operator writes ${key} = ${text}`,
    () => sea.store.txn([], [{ kind: 'put', key, value: encodeText(text) }]),
    () => 'written',
  );
  return true;
}

function undeclare(sea: Sea): boolean {
  const key = `networks/${sea.chance.pick(networks)}`;
  sea.perform(
    `an operator deletes ${key}`,
    () => sea.store.txn([], [{ kind: 'delete', key }]),
    () => 'deleted',
  );
  return true;
}

function remove(sea: Sea, machine: Machine, force: boolean): void {
  const name = sea.chance.pick(networks);
  if (force) sea.ledger.forget(({ network }) => network === name);
  sea.perform(
    `${machine.name}: remove network ${name}${force ? ' by force' : ''}`,
    () => machine.service.removeNetwork({ name: name as Name, force }),
    ({ state }) => state,
  );
}

function forget(sea: Sea, machine: Machine): void {
  const other = sea.chance.pick(sea.machines.filter((m) => m !== machine));
  sea.perform(
    `${machine.name}: forget node ${other.name}`,
    () => machine.service.forgetNode({ node: other.name }),
    ({ endpoints }) => {
      // What was attached in the last seconds before a crash may not be in the last good view.
      sea.ledger.forget((p) => p.machine === other.name && Math.abs(other.endedAt - p.at) < 10_000);
      return `forgotten, ${endpoints} endpoints given up`;
    },
  );
}

function drain(sea: Sea, machine: Machine): void {
  const other = sea.chance.pick(sea.machines);
  sea.drained.add(other.name);
  sea.perform(
    `${machine.name}: drain node ${other.name}`,
    () => machine.service.drainNode({ node: other.name, confirm: `drain ${other.name}`, timeout: 10_000 }),
    () => 'drained',
  );
}

function sandboxDies(sea: Sea): boolean {
  const all = sea.machines.filter((m) => m.isOn && m.sandboxes.size > 0);
  if (all.length === 0) return false;
  const machine = sea.chance.pick(all);
  const name = sea.chance.pick([...machine.sandboxes]);
  sea.ledger.forget((p) => p.machine === machine.name && p.sandbox === name);
  sea.ledger.disturb(machine.name, name);
  sea.act(`${machine.name}: sandbox ${name} dies`);
  machine.killSandbox(name);
  if (!sea.chance.is(0.4)) return true;
  sea.tell('and is made anew under its name');
  machine.sandbox(name);
  return true;
}
