import { join } from 'node:path';
import { z } from 'zod';
import { nodeIdPattern, type Generation, type NodeId } from '../../model/node.ts';
import { readStateFile, writeStateFile } from './state-file.ts';

/** Who this node is, over reboots: <stateDir>/node.json. */
export interface Identity {
  readonly id: NodeId;
  /** Generations of the last lives, newest last: an `alive/` key that carries one of them is ours. */
  readonly past: readonly Generation[];
  /** Of this life; was on disk before anybody could see it. */
  readonly generation: Generation;
  /** Serial of our last `nodes/` record. */
  readonly serial: number;
}

const generation = z.object({ counter: z.number().int(), random: z.string() });
const schema = z.object({
  version: z.literal(1),
  id: z.string().regex(nodeIdPattern),
  generation,
  past: z.array(generation),
  serial: z.number().int(),
});

/** An agent that dies early in several lives in a row must still know the `alive/` key of the last long one. */
const rememberedLives = 16;

/** `random`: `bytes` random bytes in lower-case hex. */
export interface IdentityPorts {
  readonly random: (bytes: number) => string;
  readonly onCorrupt: (aside: string, why: string) => void;
}

/** Reads the identity, or makes one at the first start, and begins a new generation. */
export function beginLife(stateDir: string, ports: IdentityPorts): Identity {
  const path = join(stateDir, 'node.json');
  const old = readStateFile(path, (json) => schema.parse(json), ports.onCorrupt);
  const identity: Identity = {
    id: (old?.id ?? ports.random(8)) as NodeId,
    past: old === undefined ? [] : [...old.past, old.generation].slice(-rememberedLives),
    generation: { counter: (old?.generation.counter ?? 0) + 1, random: ports.random(8) },
    serial: old?.serial ?? 0,
  };
  save(path, identity);
  return identity;
}

/** The next serial for the `nodes/` record, saved before use. */
export function nextSerial(stateDir: string, identity: Identity): Identity {
  const next = { ...identity, serial: identity.serial + 1 };
  save(join(stateDir, 'node.json'), next);
  return next;
}

function save(path: string, identity: Identity): void {
  writeStateFile(path, { version: 1, ...identity });
}
