import { spawn } from 'node:child_process';
import { WeftError } from '../../model/errors.ts';
import { inside } from './netns.ts';
import { ended, searchPath } from './run.ts';
import { waitFor } from './wait.ts';

export interface FlowOptions {
  /** Echo requests a second; default 100. */
  readonly perSecond?: number;
  /** Milliseconds in which the first answer has to come; default 5000. */
  readonly firstWithin?: number;
}

/** What is wrong with the answers to a flow. */
export interface Losses {
  /** Sequence numbers without an answer. The very last request does not count: it may still be on its way. */
  readonly lost: readonly number[];
  /** About when these were sent, in milliseconds since 1970; as many as `lost`. */
  readonly lostAt: readonly number[];
  /** What else ping had to say, such as errors of its socket. */
  readonly remarks: readonly string[];
  readonly duplicates: number;
}

/** What became of the echo requests of a flow. */
export interface FlowResult extends Losses {
  readonly sent: number;
  readonly received: number;
  /** The longest round trip in milliseconds. */
  readonly slowest: number;
  /** The longest time between two answers in milliseconds, by ping's own clock. */
  readonly longestGap: number;
}

/** A ping that goes on until it is stopped. */
export interface Flow extends AsyncDisposable {
  /** Answers so far. */
  readonly received: number;
  /** So far, up to the last request that has an answer. */
  losses(): Losses;
  stop(): Promise<FlowResult>;
}

/**
 * Real ICMP at a steady rate from inside a namespace (`ping -i 0.01 -D -n ADDRESS`), until stopped. Ready when the first
 * answer has come, so that a flow that never worked cannot pass for one without loss.
 *
 * @throws TIMEOUT when no answer comes.
 */
export async function startFlow(path: string, address: string, options: FlowOptions = {}): Promise<Flow> {
  const interval = 1 / (options.perSecond ?? 100);
  const [command, ...args] = inside(path, ['ping', '-n', '-D', `-i${interval}`, address]);
  const env = { ...process.env, PATH: searchPath };
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let text = '';
  let received = 0;
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    // What the own kernel says of an address that nobody answers for is no answer.
    received += part.split('bytes from').length - 1;
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => (text += part));
  let finished = false;
  const end = ended('ping', child).finally(() => (finished = true));
  end.catch(() => undefined);
  const stop = async (): Promise<FlowResult> => {
    child.kill('SIGINT');
    await end;
    return parseFlow(text);
  };
  try {
    const seen = (): boolean => text.includes('bytes from');
    const within = options.firstWithin ?? 5000;
    await waitFor(`the first answer of ${address}`, seen, { within, every: 10, giveUp: () => finished });
  } catch (error) {
    child.kill('SIGKILL');
    throw new WeftError('TIMEOUT', `no answer from ${address}: ${text.trim().slice(-300)}`, { cause: error });
  }
  return {
    get received() {
      return received;
    },
    losses: () => lossesIn(text, answersIn(text)),
    stop,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await end;
    },
  };
}

/** What `ping -D` printed until SIGINT. Sequence numbers wrap after 65535; an answer is never that late. */
export function parseFlow(text: string): FlowResult {
  const counts = /(\d+) packets transmitted, (\d+) received/.exec(text);
  if (counts === null) throw new WeftError('INVARIANT', `ping printed no summary: ${text.slice(-300)}`);
  const sent = Number(counts[1]);
  const answers = answersIn(text);
  const seen = new Set(answers.map(({ number }) => number));
  const times = answers.map(({ time }) => time);
  return {
    sent,
    received: seen.size,
    // The very last request may still be on its way.
    ...lossesIn(text, answers, sent - 1),
    slowest: Math.max(0, ...answers.map(({ took }) => took)),
    longestGap: Math.max(0, ...times.slice(1).map((time, i) => time - (times[i] ?? time))),
  };
}

/** Of the requests up to the number `end`, or to the last one that has an answer. */
function lossesIn(text: string, answers: readonly EchoReply[], end = answers.at(-1)?.number ?? 0): Losses {
  return {
    ...gapsIn(answers, end),
    remarks: remarksIn(text),
    duplicates: answers.filter(({ again }) => again).length,
  };
}

interface EchoReply {
  /** From 1 on; counted on where the 16 bits of the packet begin again. */
  readonly number: number;
  /** Milliseconds of ping's clock, and of the round trip. */
  readonly time: number;
  readonly took: number;
  /** It has come before. */
  readonly again: boolean;
}

function answersIn(text: string): readonly EchoReply[] {
  let last = 0;
  const lines = text.matchAll(/^\[([\d.]+)\] \d+ bytes from .*icmp_seq=(\d+) .*time=([\d.]+) ms(.*)$/gm);
  return Array.from(lines, ([, time, sequence, took, rest = '']) => {
    // Of all numbers with these 16 bits the one that is nearest to the one before.
    last = Number(sequence) + 65_536 * Math.round((last - Number(sequence)) / 65_536);
    return { number: last, time: Number(time) * 1000, took: Number(took), again: rest.includes('DUP!') };
  });
}

/** The numbers from 1 to `end` that nobody has answered, each with its time by the answer before it and the rhythm of all. */
function gapsIn(answers: readonly EchoReply[], end: number): Pick<Losses, 'lost' | 'lostAt'> {
  const [first, last] = [answers[0], answers.at(-1)];
  if (first === undefined || last === undefined) return { lost: upTo(end), lostAt: upTo(end).map(() => NaN) };
  const rhythm = (last.time - first.time) / Math.max(1, last.number - first.number);
  const times = new Map(answers.map(({ number, time }) => [number, time]));
  let before = first.time - first.number * rhythm;
  const all = upTo(end).map((number) => {
    before = times.get(number) ?? before + rhythm;
    return { number, time: before };
  });
  const gaps = all.filter(({ number }) => !times.has(number));
  return { lost: gaps.map(({ number }) => number), lostAt: gaps.map(({ time }) => time) };
}

const upTo = (end: number): readonly number[] =>
  Array.from({ length: Math.max(0, end) }, (_, index) => index + 1);

/** All lines above the summary that are no answer. */
function remarksIn(text: string): readonly string[] {
  const usual = /bytes from|bytes of data|data bytes|^$|ping statistics|packets transmitted|^rtt |pipe \d/;
  return [...new Set(text.split('\n').filter((line) => !usual.test(line)))].map((line) => line.slice(0, 120));
}
