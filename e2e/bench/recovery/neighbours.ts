import { spawn } from 'node:child_process';
import { inside } from '../../lab/netns.ts';
import { ended, searchPath } from '../../lab/run.ts';
import { waitFor } from '../../lab/wait.ts';

/** What the kernel of one network namespace tells of its neighbour entries: the last that is written for an endpoint. */
export interface NeighbourWatch extends AsyncDisposable {
  /** When the last of these addresses came, or went, as `wallClock` counts. @throws TIMEOUT */
  all(what: 'came' | 'went', addresses: readonly string[], within: number): Promise<number>;
}

/** `ip -ts monitor neigh` in a namespace; does not wait for its start. */
export function watchNeighbours(path: string): NeighbourWatch {
  const [command, ...args] = inside(path, ['ip', '-ts', 'monitor', 'neigh']);
  const env = { ...process.env, PATH: searchPath, TZ: 'UTC' };
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
  const end = ended('ip monitor', child);
  end.catch(() => undefined);
  const seen = new Map<string, number>();
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    const lines = `${rest}${part}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const told = readNotice(line);
      if (told !== undefined) seen.set(`${told.what} ${told.address}`, told.at);
    }
  });
  return {
    all(what, addresses, within) {
      const look = (): number | undefined => {
        const times = addresses.map((address) => seen.get(`${what} ${address}`) ?? Number.NaN);
        return times.some(Number.isNaN) ? undefined : Math.max(...times);
      };
      return waitFor(`${addresses.join(' and ')} to have ${what}`, look, { within, every: 5 });
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await end;
    },
  };
}

/** A line of `ip -ts monitor neigh` with TZ=UTC; undefined: it is none that says that an entry of ours came or went. */
export function readNotice(
  line: string,
): { readonly what: 'came' | 'went'; readonly address: string; readonly at: number } | undefined {
  const [, seconds = '', micros = '', gone, address = '', state = ''] =
    /^\[([\d:T-]+)\.(\d{6})\] (Deleted )?(\S+) dev \S+ (.*)$/.exec(line) ?? [];
  if (address === '' || (gone === undefined && !state.includes('PERMANENT'))) return undefined;
  const at = Date.parse(`${seconds}Z`) + Number(micros) / 1000;
  return { what: gone === undefined ? 'came' : 'went', address, at };
}
