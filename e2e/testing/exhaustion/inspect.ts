import { isDeepStrictEqual } from 'node:util';
import type { CheckedJson } from '../../../api/schemas/address.ts';
import { compareTables } from '../../expected-tables.ts';
import { call } from '../../lab/call.ts';
import { mustRunIn } from '../../lab/netns.ts';
import { waitFor } from '../../lab/wait.ts';
import type { Scene } from '../scene.ts';
import { keysBelow } from '../store-keys.ts';
import type { Book } from './book.ts';
import type { Pool } from './pool.ts';
import { brokenTruths, readHeld, type Held } from './store-truths.ts';

export interface Inspected {
  readonly scene: Scene;
  readonly network: string;
  readonly networkId: string;
  readonly pool: Pool;
  readonly book: Book;
}

/** Milliseconds for what agents make up for when the store is back; they look every five seconds. */
const patience = 30_000;

/** What nobody has to wait for: true whenever the store is read. Returns whether it could be read. */
export async function inspectAnyTime({ scene, networkId, pool, book }: Inspected): Promise<boolean> {
  const held = await readHeld(scene.lab.store, networkId).catch(() => undefined);
  if (held === undefined) return false;
  for (const wrong of brokenTruths(held, pool.kept)) book.complain(wrong);
  return true;
}

/** Waits until the store holds exactly the endpoints that workers were promised; complains of the difference otherwise. */
export async function inspectPromises({ scene, networkId, book }: Inspected): Promise<void> {
  let difference: readonly string[] = [];
  const same = async (): Promise<boolean> => {
    const { endpoints } = await readHeld(scene.lab.store, networkId);
    const promised = new Set(book.endpoints);
    difference = [
      ...[...endpoints.values()]
        .filter(({ id }) => !promised.has(id))
        .map(({ id, addresses, sandbox }) => `${id} (${sandbox.key}, ${addresses.join(', ')}) is nobody's`),
      ...[...promised].filter((id) => !endpoints.has(id)).map((id) => `${id} was promised and is lost`),
    ];
    return difference.length === 0;
  };
  await waitFor('the store to hold what was promised', same, { within: patience, every: 100 }).catch(() => {
    for (const text of difference) book.complain(text);
  });
}

/** The pool has run out: every usable address has exactly one endpoint, in the store, in every kernel and in every sandbox. */
export async function inspectFull(inspected: Inspected): Promise<void> {
  const { scene, networkId, network, pool, book } = inspected;
  await inspectPromises(inspected);
  const held = await readHeld(scene.lab.store, networkId);
  for (const wrong of brokenTruths(held, pool.kept)) book.complain(wrong);
  complainOf(book, 'addresses of endpoints', addressesOf(held), pool.usable);
  complainOf(book, 'claims', [...held.claims.keys()], expectedClaims(held, pool));
  await inspectKernels(inspected);
  for (const host of scene.hosts) {
    const refused = await call(host, 'POST', '/v1/attach', {
      network,
      sandbox: host.sandbox('one-more').namespace,
    }).then(
      () => 'it is attached',
      (error: unknown) => (error as Error).message,
    );
    if (!refused.includes(`${pool.room} of ${pool.room} are used`))
      book.complain(`one more on ${host.name}: ${refused}`);
  }
  await inspectByCheck(inspected);
}

/** Everything was released: of endpoints and claims no key is left, and no kernel holds anything. */
export async function inspectEmpty(inspected: Inspected): Promise<void> {
  const { scene, networkId, pool, book } = inspected;
  await inspectPromises(inspected);
  const kept = pool.kept.map((address) => `claim/address/${address}`).toSorted();
  const keys = await keysBelow(scene.lab.store, `net/${networkId}/`);
  const below = keys.map((key) => key.slice(key.indexOf(networkId) + networkId.length + 1));
  complainOf(book, 'keys', below, kept);
  const gone = (): boolean => scene.hosts.every((host) => host.networkNamespaces().length === 0);
  await waitFor('every kernel to let go of the network', gone, { within: patience }).catch((error: unknown) =>
    book.complain((error as Error).message),
  );
  complainOf(book, 'addresses in sandboxes', await addressesInSandboxes(scene), []);
  await inspectByCheck(inspected);
}

/** FDB, neighbours, ports and links of every host, and the interfaces in every sandbox. */
async function inspectKernels({ scene, networkId, pool, book }: Inspected): Promise<void> {
  const situation = { hosts: scene.hosts, members: book.members };
  let last: Awaited<ReturnType<typeof compareTables>> | undefined;
  const agree = async (): Promise<boolean> => {
    last = await compareTables(situation, [networkId]);
    return isDeepStrictEqual(last.actual, last.expected);
  };
  await waitFor('all kernels to hold every endpoint', agree, { within: patience, every: 200 }).catch(() => {
    for (const [host, expected] of Object.entries(last?.expected ?? {}))
      for (const [table, rows] of Object.entries(expected))
        complainOf(
          book,
          `${table} of ${host}`,
          last?.actual[host]?.[table as keyof typeof expected] ?? [],
          rows as readonly string[],
        );
  });
  complainOf(book, 'addresses in sandboxes', await addressesInSandboxes(scene), pool.usable);
}

async function addressesInSandboxes(scene: Scene): Promise<readonly string[]> {
  const found: string[] = [];
  for (const host of scene.hosts)
    for (const { path } of host.sandboxes()) {
      const rows = JSON.parse(
        await mustRunIn(path, ['ip', '-j', 'address', 'show']),
      ) as readonly LinkAddresses[];
      for (const { addr_info: all } of rows)
        for (const { scope, local } of all) if (scope === 'global') found.push(local);
    }
  return found;
}

interface LinkAddresses {
  readonly addr_info: readonly { readonly scope: string; readonly local: string }[];
}

/** `weft ip check` of the first host. */
async function inspectByCheck({ scene, book }: Inspected): Promise<void> {
  const { findings } = await call<CheckedJson>(scene.host('h1'), 'POST', '/v1/addresses/check', {});
  for (const { what } of findings) book.complain(`weft ip check: ${what}`);
}

const addressesOf = ({ endpoints }: Held): readonly string[] =>
  [...endpoints.values()].flatMap(({ addresses }) => addresses);

function expectedClaims({ endpoints }: Held, { usable, kept }: Pool): readonly string[] {
  const all = [...endpoints.values()];
  return [
    ...[...usable, ...kept].map((address) => `address ${address}`),
    ...all.map(({ mac }) => `mac ${mac}`),
    ...all.flatMap(({ name }) => (name === undefined ? [] : [`name ${name}`])),
  ];
}

/** Both as lists in which everything may be there several times. */
function complainOf(book: Book, what: string, actual: readonly string[], expected: readonly string[]): void {
  const left = new Map<string, number>();
  for (const each of expected) left.set(each, (left.get(each) ?? 0) + 1);
  const extra: string[] = [];
  for (const each of actual) {
    const count = left.get(each) ?? 0;
    if (count === 0) extra.push(each);
    else left.set(each, count - 1);
  }
  const missing = [...left].flatMap(([each, count]) => Array.from({ length: count }, () => each));
  if (extra.length > 0) book.complain(`${what}: ${extra.join(', ')} too many`);
  if (missing.length > 0) book.complain(`${what}: ${missing.join(', ')} missing`);
}
