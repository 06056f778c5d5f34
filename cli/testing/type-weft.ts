import { createColors } from 'picocolors';
import { connect } from '../../api/client.ts';
import type { AgentService } from '../../api/service.ts';
import type { FakeService } from '../../api/testing/fake-service.ts';
import { serveFake } from '../../api/testing/serve-fake.ts';
import { runCli } from '../program.ts';

export interface Typed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly calls: FakeService['calls'];
  /** What the editor was given, time after time. */
  readonly edits: readonly string[];
}

export interface World {
  /** Methods of the agent that answer otherwise than usual. */
  readonly answers?: Partial<AgentService>;
  /** Is the output a terminal with colours? */
  readonly painted?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  /** What somebody makes of a text in the editor, time after time. */
  readonly edits?: readonly ((text: string) => string)[];
  /** When nobody reads what it writes any more; absent: never. */
  readonly unread?: () => Promise<void>;
}

/** Runs `weft ARGS...` against a fake agent behind a real socket; without colours unless they are asked for. */
export async function typeWeft(args: readonly string[], world: World = {}): Promise<Typed> {
  await using served = await serveFake(world.answers);
  const edits: string[] = [];
  const said: { out: string; err: string } = { out: '', err: '' };
  const code = await runCli(args, {
    version: '1.2.3',
    env: { WEFT_SOCKET: served.socketPath, ...world.env },
    colors: createColors(world.painted ?? false),
    errColors: createColors(false),
    out: (text) => void (said.out += `${text}\n`),
    err: (text) => void (said.err += `${text}\n`),
    connect: async (socket) => connect(socket),
    unread: world.unread ?? (() => new Promise(() => undefined)),
    read: async (file) => {
      const text = world.files?.[file];
      if (text === undefined) throw new Error(`the test has no file ${file}`);
      return text;
    },
    edit: async (name, text) => {
      const edit = world.edits?.[edits.length];
      if (edit === undefined) throw new Error('the test edits no more');
      edits.push(text);
      return { text: edit(text), file: `/tmp/${name}.yaml`, done: async () => undefined };
    },
  });
  return { code, stdout: said.out, stderr: said.err, calls: served.service.calls, edits };
}
