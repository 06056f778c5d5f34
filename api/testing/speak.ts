import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';

export interface Spoken {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly json: unknown;
}

/** Writes these very bytes to the socket, and reads one answer until the server closes. */
export function speak(socketPath: string, bytes: string | Uint8Array): Promise<Spoken> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    socket.once('close', () => {
      resolve(parse(text));
    });
    // The server may close while a body that is too large is still on its way; what it said before counts.
    socket.once('error', (error) => {
      if (text === '') reject(error);
    });
    socket.write(bytes);
  });
}

function parse(text: string): Spoken {
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  return { status: Number(first.split(' ')[1]), headers, json: JSON.parse(text.slice(end + 4)) as unknown };
}
