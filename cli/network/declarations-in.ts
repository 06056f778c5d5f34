import { parseAllDocuments } from 'yaml';
import type { Declaration } from '../../api/schemas/network.ts';
import { WeftError } from '../../model/errors.ts';

export interface NamedDeclaration {
  readonly name: string;
  readonly declaration: Declaration;
}

/**
 * The networks that a file declares, YAML or JSON: several documents, each one declaration with `name:` beside its keys, a
 * list of such, or a map from name to declaration, which may be empty. What a declaration says is judged by the agent.
 *
 * @throws INPUT_INVALID with the place; `file` is for the message.
 */
export function declarationsIn(text: string, file: string): readonly NamedDeclaration[] {
  const found = parseAllDocuments(text).flatMap((document, i) => {
    const [error] = document.errors;
    if (error !== undefined) throw wrong(file, error.message);
    return inDocument(valueOf(document, file), `${file}, document ${i + 1}`);
  });
  if (found.length === 0) throw wrong(file, 'declares no network');
  const names = new Set<string>();
  for (const { name } of found) {
    if (names.has(name)) throw wrong(file, `declares network ${JSON.stringify(name)} twice`);
    names.add(name);
  }
  return found;
}

function valueOf(document: { toJS(): unknown }, file: string): unknown {
  try {
    const value = document.toJS();
    // An alias may lead to what holds it.
    JSON.stringify(value);
    return value;
  } catch (error) {
    throw wrong(file, (error as Error).message, error);
  }
}

function inDocument(value: unknown, place: string): readonly NamedDeclaration[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.map((each, i) => single(each, `${place}, item ${i + 1}`));
  if (!isRecord(value)) throw wrong(place, 'is neither a declaration nor a map of declarations');
  if (typeof value['name'] === 'string' || Array.isArray(value['subnets'])) return [single(value, place)];
  return Object.entries(value).map(([name, each]) => {
    if (each === null) return { name, declaration: {} };
    if (!isRecord(each)) throw wrong(place, `${JSON.stringify(name)} has no declaration of a network`);
    return { name, declaration: each };
  });
}

function single(value: unknown, place: string): NamedDeclaration {
  if (!isRecord(value)) throw wrong(place, 'is no declaration of a network');
  const { name, ...declaration } = value;
  if (typeof name !== 'string') throw wrong(place, 'has no `name:` of the network beside its keys');
  return { name, declaration };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(place: string, why: string, cause?: unknown): WeftError {
  return new WeftError('INPUT_INVALID', `${place}: ${why}`, { cause });
}
