import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConsulServer } from '../../../kvstore/testing/consul-server.ts';
import { EtcdServer } from '../../../kvstore/testing/etcd-server.ts';

/** One empty store of its own, on this machine, that writes to the disk as in production. */
export interface BackEnd {
  readonly name: string;
  /** As `--store` takes it, with a prefix or a file of its own for each word. */
  readonly url: (word: string) => string;
}

/** Servers of tests are started without; the last one counts. */
const durable = ['--unsafe-no-fsync=false'];

/** The stores that are up, or are on their way. */
const up = new Set<Promise<AsyncDisposable>>();

/** Ends all stores that a benchmark has started and not yet ended, and removes their data. */
export async function endBackEnds(): Promise<void> {
  for (const starting of [...up]) {
    up.delete(starting);
    await (await starting.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}

/** One back end of each kind, started one after the other. Disposing of the stack ends them and removes their data. */
export async function startBackEnds(stack: AsyncDisposableStack): Promise<readonly BackEnd[]> {
  stack.defer(endBackEnds);
  const file = await kept(makeDirectory());
  const etcd = await kept(EtcdServer.start(undefined, durable));
  // Agents have an address each; here all of them come from one.
  const consul = await kept(ConsulServer.start({ connections: 4000 }));
  return [
    { name: 'file', url: (word) => `file://${file.path}/${word}.db` },
    { name: 'etcd', url: (word) => `etcd://127.0.0.1:${etcd.port}/${word}` },
    { name: 'Consul', url: (word) => `consul://127.0.0.1:${consul.port}/${word}` },
  ];
}

async function kept<T extends AsyncDisposable>(starting: Promise<T>): Promise<T> {
  up.add(starting);
  return await starting;
}

async function makeDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = mkdtempSync(join(tmpdir(), 'weft-file-'));
  return {
    path,
    [Symbol.asyncDispose]: async () => rmSync(path, { recursive: true, force: true }),
  };
}
