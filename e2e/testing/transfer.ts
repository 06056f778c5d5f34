import { execFileSync } from 'node:child_process';
import { createHash, type Hash } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import type { Member } from '../lab/members.ts';
import { mustRunIn } from '../lab/netns.ts';
import { waitFor } from '../lab/wait.ts';

/** What became of a transfer. */
export interface Transfer {
  readonly bytes: number;
  /** SHA-256 of what was sent, and of what arrived. */
  readonly sent: string;
  readonly arrived: string;
  /** Bytes of payload in a full-size segment, as the sender's kernel has it (`ss -i`: mss). */
  readonly segment: number;
}

const port = 5201;

/** Sends bytes over one TCP connection from inside one sandbox to an address of another. */
export async function transfer(from: Member, to: Member, address: string, bytes: number): Promise<Transfer> {
  const program = (...args: readonly string[]) =>
    [process.execPath, '--disable-warning=ExperimentalWarning', import.meta.filename, ...args] as const;
  const receiving = mustRunIn(to.path, program('receive', address));
  const listening = async (): Promise<boolean> =>
    (await mustRunIn(to.path, ['ss', '-Htln', `sport = :${port}`])).trim() !== '';
  await waitFor(`somebody to listen at ${address}`, listening, { within: 10_000 });
  const text = await mustRunIn(from.path, program('send', address, String(bytes)), { within: 60_000 });
  await receiving;
  return { ...(JSON.parse(text) as Omit<Transfer, 'bytes'>), bytes };
}

/** Takes one connection, and answers with the hash of what it said once it has said all. */
function receive(address: string): void {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const hash = createHash('sha256');
    socket.on('data', (part) => hash.update(part));
    socket.once('end', () => socket.end(hash.digest('hex')));
    socket.once('close', () => server.close());
  });
  server.listen(port, address);
}

async function send(address: string, bytes: number): Promise<void> {
  const socket = connect({ host: address, port, allowHalfOpen: true });
  await once(socket, 'connect');
  let arrived = '';
  socket.setEncoding('utf8').on('data', (text: string) => (arrived += text));
  const hash = createHash('sha256');
  for (let left = bytes, n = 0; left > 0; n += 1) {
    const part = partOf(n).subarray(0, left);
    left -= part.length;
    await write(socket, part, hash);
  }
  const segment = Number(
    /\bmss:(\d+)/.exec(execFileSync('ss', ['-Htin', `dport = :${port}`], { encoding: 'utf8' }))?.[1],
  );
  socket.end();
  await once(socket, 'close');
  console.log(JSON.stringify({ sent: hash.digest('hex'), arrived, segment }));
}

/** No two parts are equal: one that came twice, or at another place, changes the hash. */
function partOf(n: number): Buffer {
  const part = Buffer.alloc(65_536, n & 255);
  part.writeUInt32BE(n);
  return part;
}

async function write(socket: ReturnType<typeof connect>, part: Buffer, hash: Hash): Promise<void> {
  hash.update(part);
  if (!socket.write(part)) await once(socket, 'drain');
}

if (import.meta.main) {
  const [, , role, address = '', bytes] = process.argv;
  if (role === 'receive') receive(address);
  else await send(address, Number(bytes));
}
