import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { endpointIdPattern, type EndpointId } from '../../model/endpoint.ts';
import { networkIdPattern, type NetworkId } from '../../model/network.ts';
import { readStateFile, writeStateFile } from './state-file.ts';

/** An operation under way, on disk before its transaction, so that a crash leaves nothing half done. */
export interface Intent {
  readonly op: 'attach' | 'detach';
  readonly network: NetworkId;
  readonly endpoint: EndpointId;
}

const schema = z.object({
  version: z.literal(1),
  op: z.enum(['attach', 'detach']),
  network: z.string().regex(networkIdPattern),
  endpoint: z.string().regex(endpointIdPattern),
});

/** One file for each open operation: <stateDir>/intents/<endpoint id>.json. */
export class Intents {
  readonly #directory: string;
  readonly #onCorrupt: (aside: string, why: string) => void;

  constructor(stateDir: string, onCorrupt: (aside: string, why: string) => void) {
    this.#directory = join(stateDir, 'intents');
    this.#onCorrupt = onCorrupt;
  }

  begin(intent: Intent): void {
    writeStateFile(this.#path(intent.endpoint), { version: 1, ...intent });
  }

  end(endpoint: EndpointId): void {
    rmSync(this.#path(endpoint), { force: true });
  }

  /** What an earlier life left open. A file that does not fit is set aside and reported. */
  open(): readonly Intent[] {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const intents: Intent[] = [];
    for (const file of readdirSync(this.#directory).filter((f) => f.endsWith('.json'))) {
      const parsed = schema.safeParse(readStateFile(join(this.#directory, file), this.#onCorrupt));
      if (!parsed.success) continue;
      const { op, network, endpoint } = parsed.data;
      intents.push({ op, network: network as NetworkId, endpoint: endpoint as EndpointId });
    }
    return intents;
  }

  #path(endpoint: EndpointId): string {
    return join(this.#directory, `${endpoint}.json`);
  }
}
