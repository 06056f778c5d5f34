import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { WeftError } from '../../model/errors.ts';
import type { Member } from '../lab/members.ts';
import { inside } from '../lab/netns.ts';
import { ended, searchPath } from '../lab/run.ts';
import { mapBounded } from '../lab/wait.ts';
import type { Heard, HeardLine, StreamWish } from './stream-words.ts';

const program = join(import.meta.dirname, 'stream-process.ts');

/**
 * One long TCP connection for each pair of members of a network and each of their addresses, with a kilobyte every 10 ms in
 * both directions, by one process in each sandbox.
 */
export class Streams implements AsyncDisposable {
  readonly #members: readonly Member[];
  readonly #talkers: readonly Talker[];

  private constructor(members: readonly Member[], talkers: readonly Talker[]) {
    this.#members = members;
    this.#talkers = talkers;
  }

  /** Ready when every connection is there. @throws INVARIANT when one cannot be made. */
  static async start(members: readonly Member[]): Promise<Streams> {
    const talkers = members.map((member) => new Talker(member));
    const streams = new Streams(members, talkers);
    try {
      await Promise.all(talkers.map((talker) => talker.listening()));
      await mapBounded(talkers, talkers.length, async (talker, index) => {
        const others = members
          .slice(index + 1)
          .filter((other) => other.networkId === talker.member.networkId);
        await talker.ask({ dial: others.flatMap(({ addresses }) => addresses) });
      });
      return streams;
    } catch (error) {
      await streams[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Every connection as both of its ends see it: two lines for each. */
  async heard(): Promise<readonly Heard[]> {
    const told = await Promise.all(
      this.#talkers.map(async (talker) => (await talker.ask('report')) as readonly HeardLine[]),
    );
    return told.flatMap((lines, index) =>
      lines.flatMap(({ local: _, remote, ...line }): readonly Heard[] => {
        const to = this.#members[index];
        const from = this.#members.find(({ addresses }) => addresses.includes(remote));
        return from === undefined || to === undefined ? [] : [{ ...line, from, to }];
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#talkers.map((talker) => talker.end()));
  }
}

/** The process in one sandbox. It answers each line with one line. */
class Talker {
  readonly member: Member;
  readonly #child: ChildProcess;
  readonly #end: Promise<number>;
  readonly #lines: AsyncIterator<string>;
  #said = '';

  constructor(member: Member) {
    this.member = member;
    const argv = [process.execPath, '--disable-warning=ExperimentalWarning', program, ...member.addresses];
    const [command, ...args] = inside(member.path, argv as [string, ...string[]]);
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, PATH: searchPath },
    });
    this.#child = child;
    this.#end = ended('nsenter', child);
    this.#end.catch(() => undefined);
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
    child.stdin.on('error', () => undefined);
  }

  async listening(): Promise<void> {
    await this.#next();
  }

  ask(wish: StreamWish): Promise<unknown> {
    this.#child.stdin?.write(`${JSON.stringify(wish)}\n`);
    return this.#next();
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#end;
  }

  async #next(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done !== true) return JSON.parse(value);
    const { host, sandbox } = this.member;
    throw new WeftError('INVARIANT', `the streams of ${host}/${sandbox} have ended: ${this.#said.trim()}`);
  }
}
