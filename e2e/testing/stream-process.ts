/**
 * `node stream-process.ts ADDRESS...`: the long TCP connections of one sandbox. Listens at its addresses, and does what it is
 * told on standard input, a line of JSON each (`StreamWish`); the end of the input is its own.
 */
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { HeardLine, StreamWish } from './stream-words.ts';

const port = 5202;
const part = Buffer.alloc(1024, 'weft');
/** Milliseconds between two parts. */
const rhythm = 10;

interface Line {
  readonly local: string;
  readonly remote: string;
  bytes: number;
  last: number;
  pause: number;
  broken?: string;
}

const lines: Line[] = [];

/** Sends at a steady rate as long as the other end takes it, and notes what comes. */
function talk(socket: Socket): void {
  const { localAddress: local = '', remoteAddress: remote = '' } = socket;
  const line: Line = { local, remote, bytes: 0, last: performance.now(), pause: 0 };
  lines.push(line);
  let isFull = false;
  const timer = setInterval(() => {
    if (!isFull) isFull = !socket.write(part);
  }, rhythm);
  socket.setNoDelay(true);
  socket.on('drain', () => (isFull = false));
  socket.on('data', (data) => {
    const now = performance.now();
    line.bytes += data.length;
    line.pause = Math.max(line.pause, now - line.last);
    line.last = now;
  });
  socket.on('error', (error: NodeJS.ErrnoException) => (line.broken = error.code ?? error.message));
  socket.once('end', () => (line.broken ??= 'ended by the other side'));
  socket.once('close', () => clearInterval(timer));
}

function report(): readonly HeardLine[] {
  const now = performance.now();
  return lines.map(({ local, remote, bytes, last, pause, broken }) => {
    const heard = { local, remote, bytes, pause: Math.max(pause, now - last) };
    return broken === undefined ? heard : { ...heard, broken };
  });
}

const say = (what: unknown): boolean => process.stdout.write(`${JSON.stringify(what)}\n`);

function listen(address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    createServer(talk).once('error', reject).listen(port, address, resolve);
  });
}

function dial(host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      talk(socket);
      resolve();
    });
  });
}

await Promise.all(process.argv.slice(2).map(listen));
say('listening');
for await (const text of createInterface({ input: process.stdin })) {
  const wish = JSON.parse(text) as StreamWish;
  if (wish === 'report') say(report());
  else {
    await Promise.all(wish.dial.map(dial));
    say('connected');
  }
}
process.exit(0);
