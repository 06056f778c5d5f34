import { copyFileSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../agent/clock.ts';
import { silentLogger } from '../../model/logger.ts';
import { defaultPrefix } from '../keys.ts';
import { allCases } from '../testing/faults/all.ts';
import type { ClusterHands } from '../testing/faults/cluster/hands.ts';
import { leaderCases } from '../testing/faults/cluster/leader-cases.ts';
import { serverCases } from '../testing/faults/cluster/server-cases.ts';
import { exception, type FaultSubject, type Ground } from '../testing/faults/fault-case.ts';
import type { Hands, Outage, SmallStore } from '../testing/faults/hands.ts';
import { faultSuite } from '../testing/faults/suite.ts';
import { wallClock } from '../testing/faults/wall-clock.ts';
import { notingLogger } from '../testing/noting-logger.ts';
import { openFileStore } from './store.ts';
import { Child } from './testing/child.ts';
import { StoreFile } from './testing/store-file.ts';

interface FileGround extends Ground {
  readonly path: string;
  readonly stack: AsyncDisposableStack;
}

async function ground(): Promise<FileGround> {
  const stack = new AsyncDisposableStack();
  const file = stack.use(new StoreFile());
  const lines: string[] = [];
  return {
    store: await file.open(systemClock, defaultPrefix, notingLogger(lines)),
    witness: await file.open(),
    lines,
    another: () => file.open(),
    path: file.path,
    stack,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** One statement by a process of its own, so to say: another connection. */
function sql(path: string, statements: string): void {
  const db = new DatabaseSync(path, { timeout: 5000 });
  db.exec(statements);
  db.close();
}

/** Puts a database in the place of the store, as an operator does: the log of the old one must not be taken for its own. */
function replace(path: string, by: string): void {
  for (const rest of ['-wal', '-shm']) rmSync(`${path}${rest}`, { force: true });
  renameSync(by, path);
}

const lock = ({ path, stack }: FileGround): Outage => {
  let holder: Child | undefined;
  const script = `
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(process.argv[1]);
    db.exec('BEGIN IMMEDIATE; UPDATE store SET revision = revision + 1000');
    say('locked');
    setInterval(() => undefined, 1000);
  `;
  return {
    begin: async () => {
      holder = stack.use(new Child(path, script));
      await holder.said(1);
      holder.freeze();
    },
    end: async () => holder?.kill(),
  };
};

/** A store on a file system of its own. */
const small =
  ({ stack }: FileGround) =>
  async (): Promise<SmallStore> => {
    const { directory } = stack.use(new StoreFile());
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=700', 'weft-test', directory]);
    stack.defer(() => void execFileSync('umount', [directory]));
    const filler = join(directory, 'filler');
    const ports = { clock: systemClock, logger: silentLogger, fraction: () => 0.5 };
    const address = { path: join(directory, 'store.db'), prefix: defaultPrefix };
    return {
      store: stack.adopt(await openFileStore(address, ports), (store) => store.close()),
      fill: async () => {
        const { bavail, bsize } = statfsSync(directory);
        writeFileSync(filler, Buffer.alloc(bavail * bsize));
      },
      makeRoom: async () => rmSync(filler),
    };
  };

const noNetwork = exception(
  'the file is on this machine: there is no connection',
  'another process holds the lock, and is stopped and killed; the file is not there; several processes write at once ' +
    '(kvstore/file/processes.live.test.ts)',
);

const subject: FaultSubject<Hands, FileGround> = {
  backEnd: 'file',
  ground,
  version: async () => {
    const db = new DatabaseSync(':memory:');
    const version = db.prepare('SELECT sqlite_version() AS version').get()?.['version'];
    db.close();
    return `SQLite ${String(version)}`;
  },
  hands: {
    away: ({ path }) => ({
      begin: async () => renameSync(path, `${path}.away`),
      end: async () => renameSync(`${path}.away`, path),
    }),
    way: noNetwork,
    freeze: exception('there is no server', 'another process holds the lock, and is stopped and killed'),
    lock,
    compact:
      ({ path }) =>
      async () =>
        sql(path, 'UPDATE store SET compacted = revision; DELETE FROM deletions'),
    save:
      ({ path }) =>
      async () => {
        sql(path, `VACUUM INTO '${path}.saved'`);
        return async () => {
          copyFileSync(`${path}.saved`, `${path}.new`);
          replace(path, `${path}.new`);
        };
      },
    wipe:
      ({ path }) =>
      async () => {
        const ports = { clock: systemClock, logger: silentLogger, fraction: () => 0.5 };
        await (await openFileStore({ path: `${path}.new`, prefix: defaultPrefix }, ports)).close();
        replace(path, `${path}.new`);
      },
    small,
    guarded: exception(
      'who may open the file may do everything, and goes on with what is open',
      'a user whom the file does not let in is told so (kvstore/file/processes.live.test.ts)',
    ),
    wallClock: () => wallClock,
  },
};

// One after the other: SQLite answers at once, so that a large call keeps all clients of this process from their leases.
faultSuite(subject, { name: 'faults', cases: allCases });
faultSuite<ClusterHands, FileGround>(
  {
    ...subject,
    hands: { servers: exception('one file on one machine has no other servers', 'the file is not there') },
  },
  { name: 'cluster', cases: [...leaderCases, ...serverCases] },
);
