import { silentLogger, type Logger } from '../../../model/logger.ts';
import type { Store } from '../../store.ts';
import { notingLogger } from '../noting-logger.ts';
import { TcpProxy } from '../tcp-proxy.ts';
import type { Ground } from './fault-case.ts';
import type { Way } from './hands.ts';

/** Opens a client of the servers on these ports of loopback, for the data of one case. */
export type OpenClient = (ports: readonly number[], logger: Logger) => Promise<Store>;

/** Data of one case on a server that is there for many, with a proxy before the client under test. */
export interface NetworkGround extends Ground, Way {
  /** What is to end with the ground. */
  readonly stack: AsyncDisposableStack;
}

export async function networkGround(port: number, open: OpenClient): Promise<NetworkGround> {
  const stack = new AsyncDisposableStack();
  try {
    const proxy = stack.use(await TcpProxy.start(port));
    const client = async (ports: readonly number[], logger = silentLogger): Promise<Store> =>
      stack.adopt(await open(ports, logger), (store) => store.close());
    const lines: string[] = [];
    return {
      store: await client([proxy.port], notingLogger(lines)),
      witness: await client([port]),
      lines,
      another: () => client([port]),
      proxy,
      client: ({ spare } = { spare: false }) => client(spare ? [proxy.port, port] : [proxy.port]),
      stack,
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
