import { asWeftError, errorCodes } from '../model/errors.ts';
import type { FailureJson } from './schemas/failure.ts';

/** Anything thrown, as the body of an answer. Details that JSON cannot carry are written as text, or left out. */
export function toFailureJson(error: unknown): FailureJson {
  const { code, message, retry, details } = asWeftError(error);
  return { error: { code, message, retry, details: plain(details) } };
}

/** The status of an answer with this failure. */
export function httpStatus({ error }: FailureJson): number {
  return errorCodes[error.code].http;
}

function plain(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  try {
    return JSON.parse(JSON.stringify(details, readable)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function readable(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  if (value instanceof Error) return value.message;
  return value;
}
