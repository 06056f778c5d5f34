import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, renameSync } from 'node:fs';
import { mustRunIn, runIn } from './netns.ts';
import type { LabStore } from './store.ts';
import type { StoreMember } from './store-member.ts';

export const faultNames = ['cut', 'killed', 'frozen', 'black-holed'] as const;

/** A way to lose the server of a lab's store, and to get it back. */
export interface StoreFault {
  readonly name: (typeof faultNames)[number];
  begin(): Promise<void>;
  /** Returns as soon as the server can be asked again. Harmless when nothing was begun. */
  end(): Promise<void>;
}

const holeTable = 'inet weft_hole';
/** Everything but the loopback interface, in both directions, without a word to the sender. */
const hole = `table ${holeTable} {
  chain in { type filter hook input priority -300; iifname != "lo" drop; }
  chain out { type filter hook output priority -300; oifname != "lo" drop; }
}
`;

/** The four outages of a server. */
export function serverFaults(server: StoreMember): readonly StoreFault[] {
  return [
    {
      name: 'cut',
      begin: () => server.cable('down'),
      end: () => server.cable('up'),
    },
    {
      name: 'killed',
      begin: () => server.stop('kill9'),
      end: () => server.start(),
    },
    {
      name: 'frozen',
      begin: async () => server.freeze(),
      end: async () => server.thaw(),
    },
    {
      name: 'black-holed',
      begin: async () => {
        await mustRunIn(server.netns, ['nft', '-f', '-'], { input: hole });
      },
      end: async () => {
        await runIn(server.netns, ['nft', 'delete', 'table', ...holeTable.split(' ')]);
      },
    },
  ];
}

/** How a store that is one file is lost: the file is away, or others hold its lock and do nothing. */
export function fileFaults(store: LabStore): readonly StoreFault[] {
  const path = store.url.slice('file://'.length);
  const holder = { current: undefined as ChildProcess | undefined };
  const release = async (): Promise<void> => {
    const child = holder.current;
    holder.current = undefined;
    if (child === undefined) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  return [
    {
      name: 'cut',
      begin: async () => renameSync(path, `${path}.away`),
      end: async () => {
        if (existsSync(`${path}.away`)) renameSync(`${path}.away`, path);
      },
    },
    {
      name: 'frozen',
      begin: async () => {
        holder.current = await lockHeld(path);
      },
      end: release,
    },
  ];
}

/** A process that has begun to write to the file and is stopped in the middle. */
async function lockHeld(path: string): Promise<ChildProcess> {
  const script = `
    const { DatabaseSync } = require('node:sqlite');
    const database = new DatabaseSync(${JSON.stringify(path)}, { timeout: 5000 });
    database.exec('BEGIN IMMEDIATE');
    console.log('held');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  return child;
}
