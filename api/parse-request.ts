import type { z } from 'zod';
import { WeftError, type ErrorCode } from '../model/errors.ts';
import { worthSaying } from '../model/issues.ts';

/** A request as it came: path parameters and query as text, the body as parsed JSON or undefined. */
export interface RawRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

type Place = keyof RawRequest;

/**
 * Reads the three parts of a request by their schemas and reports all problems at once, each with its path.
 *
 * @throws INPUT_INVALID, or the code of the model's parser when every problem has that one (NAME_INVALID).
 */
export function parseParts<S extends Readonly<Record<Place, z.ZodType>>>(
  schemas: S,
  raw: RawRequest,
): { readonly [K in Place]: z.output<S[K]> } {
  const issues: z.core.$ZodIssue[] = [];
  const read = (place: Place): unknown => {
    const result = schemas[place].safeParse(raw[place], { reportInput: true });
    if (result.success) return result.data;
    issues.push(...result.error.issues.map((issue) => ({ ...issue, path: [place, ...issue.path] })));
    return undefined;
  };
  const parts = { params: read('params'), query: read('query'), body: read('body') };
  if (issues.length > 0) throw problemsOf(worthSaying(issues));
  return parts as { readonly [K in Place]: z.output<S[K]> };
}

function problemsOf(issues: readonly z.core.$ZodIssue[]): WeftError {
  const problems = issues.map((issue) => ({ path: pathOf(issue.path), problem: problemOf(issue) }));
  const text = problems
    .map(({ path, problem }) => (path === '' ? problem : `${path}: ${problem}`))
    .join('; ');
  return new WeftError(codeOf(issues), text, { details: { problems } });
}

/** `addresses[0]`, or the place (`body`) when it is the whole that is wrong. */
function pathOf([place, ...path]: readonly PropertyKey[]): string {
  if (path.length === 0) return String(place);
  return path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i === 0 ? '' : '.'}${String(step)}`))
    .join('');
}

function problemOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    return `unknown ${issue.keys.map((key) => JSON.stringify(key.slice(0, 80))).join(', ')}`;
  }
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is missing';
  return issue.message;
}

function codeOf(issues: readonly z.core.$ZodIssue[]): ErrorCode {
  const codes = issues.map(
    (issue) => (issue.code === 'custom' ? issue.params?.['code'] : undefined) as unknown,
  );
  return codes.every((code) => code === 'NAME_INVALID') ? 'NAME_INVALID' : 'INPUT_INVALID';
}
