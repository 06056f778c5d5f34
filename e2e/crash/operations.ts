import type { Tracing } from '../lab/strace.ts';
import { ipBatch, mustRunIn, unpin } from '../lab/netns.ts';
import { waitFor } from '../lab/wait.ts';
import { env, type Rest, type Stage } from './stage.ts';
import { difference } from './world.ts';

/** Something that an agent does and that a crash can interrupt. */
export interface Operation {
  readonly meaning: string;
  /** Is the agent running when it begins? */
  readonly runs: boolean;
  /** The world at its end, also after a crash when it was repeated. */
  readonly end: Rest;
  /** Brings about what it begins with, undisturbed. */
  prepare(stage: Stage): Promise<void>;
  /** Does it, and returns when it is over. A start is traced from its first instruction on. @throws when the agent dies. */
  act(stage: Stage, tracing?: Tracing): Promise<void>;
  /** What a caller does after the agent was killed and is ready again. */
  repeat(stage: Stage): Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();

export const operations = {
  attach: {
    meaning: 'the first attach of the node to a network',
    runs: true,
    end: 'attached',
    prepare: (stage) => stage.be('detached'),
    act: (stage) => stage.attach(),
    repeat: (stage) => stage.attach(),
  },
  detach: {
    meaning: 'the last detach of the node from a network',
    runs: true,
    end: 'detached',
    prepare: (stage) => stage.be('attached'),
    act: (stage) => stage.detach(),
    repeat: (stage) => stage.detach(),
  },
  resync: {
    meaning: 'a full compare that finds much to do',
    runs: true,
    end: 'attached',
    prepare: (stage) => stage.be('attached'),
    act: async (stage) => {
      const before = await stage.kernel();
      await damage(stage);
      const isWhole = async (): Promise<boolean> => difference(await stage.kernel(), before).length === 0;
      await waitFor('the kernel to be repaired', isWhole, {
        within: 10_000,
        every: 150,
        giveUp: () => !stage.host.agent.running,
      });
    },
    repeat: nothing,
  },
  stop: {
    meaning: 'an orderly end, with news that are not on disk yet',
    runs: true,
    end: 'attached',
    prepare: async (stage) => {
      await stage.be('detached');
      await stage.be('attached');
    },
    act: (stage) => stage.host.agent.stop(),
    repeat: nothing,
  },
  start: {
    meaning: 'a start on a node where all is as it was left',
    runs: false,
    end: 'attached',
    prepare: async (stage) => {
      await stage.be('attached');
      await stage.host.agent.stop();
    },
    act: startUnder,
    repeat: nothing,
  },
  rebuild: {
    meaning: 'a start after the kernel has lost all that was ours',
    runs: false,
    end: 'attached',
    prepare: async (stage) => {
      await stage.be('attached');
      await stage.host.agent.stop();
      await unpin(stage.networkPath);
      await waitFor('the kernel to take it apart', async () => !(await hasInterface(stage)), {
        within: 10_000,
      });
    },
    act: startUnder,
    repeat: nothing,
  },
} as const satisfies Readonly<Record<string, Operation>>;

export type OperationName = keyof typeof operations;

async function startUnder({ host }: Stage, trace?: Tracing): Promise<void> {
  await host.agent.start({ env, ...(trace === undefined ? {} : { trace }) });
  await host.agent.waitReady();
}

async function hasInterface({ sandboxPath }: Stage): Promise<boolean> {
  return (await mustRunIn(sandboxPath, ['ip', '-o', 'link'])).includes('eth0');
}

/** A tunnel device that is gone with its tables, a setting, and what is in the sandbox. */
async function damage({ networkPath, sandboxPath }: Stage): Promise<void> {
  await ipBatch(networkPath, ['link del vxlan0']);
  await mustRunIn(networkPath, ['sysctl', '-qw', 'net.ipv4.conf.br0.rp_filter=1']);
  await ipBatch(sandboxPath, ['address flush dev eth0 scope global']);
}
