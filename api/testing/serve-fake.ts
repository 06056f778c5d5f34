import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../model/logger.ts';
import { startServer, type ServerPorts } from '../server.ts';
import type { AgentService } from '../service.ts';
import { FakeService } from './fake-service.ts';

export interface Served extends AsyncDisposable {
  readonly service: FakeService;
  readonly socketPath: string;
  /** A folder of its own, which goes with it. */
  readonly directory: string;
}

/** The API of a fake agent on a real socket. */
export async function serveFake(
  answers: Partial<AgentService> = {},
  ports: Partial<ServerPorts> = {},
): Promise<Served> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-api-'));
  const socketPath = join(directory, 'weftd.sock');
  const service = new FakeService(answers);
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  const starting = startServer({ service, socketPath, logger: silentLogger, ...ports });
  const server = await starting.catch((error: unknown) => {
    remove();
    throw error;
  });
  return {
    service,
    socketPath,
    directory,
    [Symbol.asyncDispose]: async () => {
      await server.close();
      remove();
    },
  };
}
