import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { labDirectory, namespacePath } from '../../lab/names.ts';
import { ensureNamespace, inside, ipBatch, removeNamespace } from '../../lab/netns.ts';
import { ended, searchPath } from '../../lab/run.ts';
import type { Order, Outcome } from './product-process.ts';
import { localVtep } from './ground.ts';

/** A process in a node namespace of its own, which is asked and answers by JSON lines. */
export interface NodeProcess<O, A> extends AsyncDisposable {
  ask(order: O): Promise<A>;
}

/** A process that runs the product's own path in a node namespace of its own, round after round as an agent does. */
export interface Product extends AsyncDisposable {
  /** View -> desired state -> plan -> apply of `entries / 2` remote endpoints, in a network made for it and removed afterwards. */
  measure(order: Order): Promise<Outcome>;
}

export async function startProduct(prefix: string): Promise<Product> {
  const script = join(import.meta.dirname, 'product-process.ts');
  const child = await startNodeProcess<Order, Outcome>(prefix, script);
  return {
    measure: (order) => child.ask(order),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/**
 * Starts the script with the place of our namespaces and the path of a sandbox. Everything is named so that `clearUp` and
 * `removeLab` of this prefix find it.
 */
export async function startNodeProcess<O, A>(prefix: string, script: string): Promise<NodeProcess<O, A>> {
  const node = `weft-${prefix}-node`;
  const sandbox = `weft-${prefix}-sandbox`;
  for (const name of [node, sandbox]) await ensureNamespace(name);
  await ipBatch(namespacePath(node), [
    'link add eth1 type veth peer name peer1',
    `address add ${localVtep}/24 dev eth1`,
    'link set eth1 up',
    'link set peer1 up',
  ]);
  const directory = labDirectory(`${prefix}fw`);
  const netnsDir = join(directory, 'h1', 'netns');
  mkdirSync(netnsDir, { recursive: true });
  const [command, ...args] = inside(namespacePath(node), [
    process.execPath,
    // As bin/weftd starts it.
    '--max-semi-space-size=2',
    '--v8-pool-size=1',
    '--no-maglev',
    '--disable-warning=ExperimentalWarning',
    script,
    netnsDir,
    namespacePath(sandbox),
  ]);
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, PATH: searchPath },
  });
  const end = ended(command, child);
  end.catch(() => undefined);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      const { done, value } = await answers.next();
      if (done === true) throw new Error(`the process ended with code ${await end}`);
      return JSON.parse(value) as A;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await end;
      for (const name of [sandbox, node]) await removeNamespace(name);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
