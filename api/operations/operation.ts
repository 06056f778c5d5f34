import { z } from 'zod';
import type { ErrorCode } from '../../model/errors.ts';
import { parseParts, type RawRequest } from '../parse-request.ts';
import type { AgentService } from '../service.ts';

const none = z.strictObject({});
type None = typeof none;

/** What stands behind a route: its schemas, for reading requests and for the OpenAPI document, and its call. */
export interface Operation {
  readonly summary: string;
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  /** Absent: the request has none. */
  readonly body?: z.ZodType;
  readonly answer: z.ZodType;
  /** Media type of an answer that is text as it is; absent: JSON. */
  readonly text?: string;
  /** A status other than 200 that carries the same answer, and when. */
  readonly otherwise?: { readonly status: number; readonly when: string };
  /** Codes that its failures carry, besides those that any request can meet. */
  readonly failures: readonly ErrorCode[];
  /** @throws NAME_INVALID, INPUT_INVALID with every problem of the request; and what the service throws. */
  run(service: AgentService, raw: RawRequest): Promise<Reply>;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly text?: string;
}

interface Definition<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType> {
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly answer: A;
  readonly text?: string;
  readonly otherwise?: {
    readonly status: number;
    readonly when: string;
    applies(answer: z.output<A>): boolean;
  };
  readonly failures?: readonly ErrorCode[];
  call(
    service: AgentService,
    request: { readonly params: z.output<P>; readonly query: z.output<Q>; readonly body: z.output<B> },
  ): Promise<z.output<A>>;
}

/** A row of the table: reads the parts of a request by their schemas, calls, and says with which status it is answered. */
export function operation<
  A extends z.ZodType,
  P extends z.ZodType = None,
  Q extends z.ZodType = None,
  B extends z.ZodType = z.ZodUndefined,
>(definition: Definition<P, Q, B, A>): Operation {
  const { summary, body, answer, otherwise, failures = [] } = definition;
  const text = definition.text === undefined ? {} : { text: definition.text };
  const parts = {
    params: definition.params ?? none,
    query: definition.query ?? none,
    body: body ?? z.undefined('has no body'),
  };
  return {
    summary,
    params: parts.params,
    query: parts.query,
    ...(body === undefined ? {} : { body }),
    answer,
    ...text,
    ...(otherwise === undefined ? {} : { otherwise }),
    failures,
    async run(service, raw) {
      const request = parseParts(parts, raw) as Parameters<typeof definition.call>[1];
      const result = await definition.call(service, request);
      return { status: otherwise?.applies(result) === true ? otherwise.status : 200, body: result, ...text };
    },
  };
}
