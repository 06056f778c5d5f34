import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { WeftError } from '../../model/errors.ts';
import { worthSaying } from '../../model/issues.ts';
import type { Name } from '../../model/name.ts';
import { checkWish, type Wish, type WishedSubnet, type WishProblem } from '../../model/network-wish.ts';
import { keys } from '../keys.ts';
import { decodeText, encodeText } from '../store.ts';
import { keysGivenTwice } from './keys-twice.ts';
import { readJson, shown } from './record.ts';
import { knownKeys, wishSchema } from './wish-schema.ts';

/** More problems than this are counted only. */
const mostProblems = 20;

/**
 * Reads the declaration under `networks/<name>`.
 *
 * @throws INPUT_INVALID that names the key and every problem with its path.
 */
export function parseWish(key: string, value: Uint8Array): Wish {
  let json: unknown;
  try {
    json = readJson(value);
  } catch (error) {
    throw invalid(key, [{ path: '', why: (error as Error).message }], error);
  }
  const paths = new Set(keysGivenTwice(decodeText(value)).map(pathOf));
  const twice = [...paths].map((path) => ({ path, why: 'is given twice' }));
  return read(key, json, twice);
}

/** The same for JSON that was parsed elsewhere. */
export function readWish(name: Name, json: unknown): Wish {
  return read(keys.network(name), json);
}

/** `known`: problems that the JSON does not show any more. */
function read(key: string, json: unknown, known: readonly WishProblem[] = []): Wish {
  const hidden = [...known, ...protoKeys(json, '', 0)];
  const parsed = wishSchema.safeParse(json, { reportInput: true });
  if (!parsed.success)
    throw invalid(key, [...hidden, ...worthSaying(parsed.error.issues).flatMap((i) => problemsOf(i, []))]);
  const problems = [...hidden, ...checkWish(parsed.data)];
  if (problems.length > 0) throw invalid(key, problems);
  return parsed.data;
}

/** The declaration as canonical JSON: equal wishes give equal bytes. What has its default is left out. */
export function encodeWish(wish: Wish): Uint8Array {
  const { driver, subnets, mtu, vni, internal, allowOverlap, labels } = wish;
  return encodeText(
    JSON.stringify({
      driver,
      subnets: subnets.length === 0 ? undefined : subnets.map(subnetJson),
      ...familiesJson(wish),
      mtu,
      vni,
      internal: internal || undefined,
      allowOverlap: allowOverlap || undefined,
      labels: labels.size === 0 ? undefined : sorted(labels),
    }),
  );
}

/** What has to be said of families so that the same ones come from pools. */
function familiesJson({ subnets, fromPools }: Wish): Readonly<Record<string, boolean | undefined>> {
  const isUsual = subnets.length === 0;
  return {
    ipv4: fromPools.includes(4) === isUsual ? undefined : !isUsual,
    ipv6: fromPools.includes(6) || undefined,
  };
}

/** SHA-256 in hex. Equal for equal wishes, whatever their spelling and order of keys was. */
export function wishHash(wish: Wish): string {
  return createHash('sha256').update(encodeWish(wish)).digest('hex');
}

function subnetJson({ prefix, gateway, range, auxiliary }: WishedSubnet): unknown {
  if (gateway === undefined && range === undefined && auxiliary.size === 0) return prefix;
  return { cidr: prefix, gateway, range, auxiliary: auxiliary.size === 0 ? undefined : sorted(auxiliary) };
}

function sorted(map: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  return Object.fromEntries([...map].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** A key that would not survive as a property of an object, and that the schema would pass over. */
function protoKeys(json: unknown, path: string, depth: number): readonly WishProblem[] {
  if (typeof json !== 'object' || json === null || depth > 8) return [];
  return Object.entries(json).flatMap(([key, value]) => {
    const here = Array.isArray(json) ? `${path}[${key}]` : joined(path, key);
    if (key === '__proto__' && depth > 0) return [{ path: here, why: 'is a key that nothing may have' }];
    return protoKeys(value, here, depth + 1);
  });
}

const portReason =
  'cannot be declared: the tunnels of all networks share one UDP port of the cluster, so that nodes need one hole in ' +
  'their firewalls and one socket; it is set by `weftd --port` where the cluster is founded';

/** Keys that people know from elsewhere, and why no network has them. */
const whyNever: ReadonlyMap<string, string> = new Map(
  ['port', 'udpPort', 'vxlanPort', 'dstPort', 'dstport'].map((key) => [key, portReason]),
);

type Issue = z.core.$ZodIssue;

function problemsOf(issue: Issue, before: readonly PropertyKey[]): readonly WishProblem[] {
  const steps = [...before, ...issue.path];
  const path = pathOf(steps);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = knownKeys(steps.length === 0 ? 'top' : 'subnet').join(', ');
      return issue.keys.map((key) => ({
        path: joined(path, shorten(key)),
        why: (steps.length === 0 ? whyNever.get(key) : undefined) ?? `is an unknown key (known are ${known})`,
      }));
    }
    case 'invalid_union': {
      const fitting = issue.errors.find(
        (each) => !each.some((i) => i.code === 'invalid_type' && i.path.length === 0),
      );
      if (fitting !== undefined) return fitting.flatMap((i) => problemsOf(i, steps));
      return [{ path, why: 'must be a prefix such as "10.7.0.0/24", or an object with at least cidr' }];
    }
    case 'invalid_type':
      return [{ path, why: mistyped(issue) }];
    case 'invalid_value':
      return [
        { path, why: `is ${shown(String(issue.input))}, must be ${issue.values.map(String).join(' or ')}` },
      ];
    case 'too_small':
      return [{ path, why: measure(issue, 'at least', issue.minimum) }];
    case 'too_big':
      return [{ path, why: measure(issue, 'at most', issue.maximum) }];
    default:
      return [{ path, why: issue.message }];
  }
}

const nouns: Readonly<Record<string, string>> = {
  string: 'a text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
};

function mistyped({ input, expected }: Extract<Issue, { code: 'invalid_type' }>): string {
  if (input === undefined) return 'is missing';
  // The one list is that of the subnets.
  if (expected === 'array')
    return typeof input === 'string'
      ? `is ${shown(input)}, must be a list such as [${shown(input)}]`
      : 'must be a list such as ["10.7.0.0/24"]';
  return `must be ${nouns[expected] ?? expected}`;
}

type Measured = { readonly origin: string; readonly input?: unknown };

function measure({ origin, input }: Measured, bound: string, limit: number | bigint): string {
  if (origin === 'array') return `must have ${bound} ${limit} entries`;
  if (origin === 'string') return `must have ${bound} ${limit} characters`;
  return `is ${String(input)}, must be ${bound} ${limit}`;
}

function pathOf(steps: readonly PropertyKey[]): string {
  return steps.reduce<string>(
    (path, step) => (typeof step === 'number' ? `${path}[${step}]` : joined(path, shorten(String(step)))),
    '',
  );
}

const joined = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);
const shorten = (key: string): string => (/^[\x21-\x7e]{1,80}$/.test(key) ? key : shown(key));

function invalid(key: string, problems: readonly WishProblem[], cause?: unknown): WeftError {
  const told = problems
    .slice(0, mostProblems)
    .map(({ path, why }) => (path === '' ? why : `${path}: ${why}`));
  const more = problems.length > mostProblems ? [`and ${problems.length - mostProblems} more problems`] : [];
  return new WeftError(
    'INPUT_INVALID',
    `declaration ${shown(key)} is not valid: ${[...told, ...more].join('; ')}`,
    {
      ...(cause === undefined ? {} : { cause }),
      details: { key, problems: problems.slice(0, mostProblems) },
    },
  );
}
