import { z } from 'zod';
import { errorCodes, invariant, type ErrorCode } from '../model/errors.ts';
import { operations } from './operations.ts';
import type { Operation } from './operations/operation.ts';
import { routeNames, routes, type RouteName } from './routes.ts';
import { failureJson } from './schemas/failure.ts';

type Json = Readonly<Record<string, unknown>>;

/** OpenAPI 3.1 document of the local API, made from the table of routes and the schemas that read the requests. */
export function openApiDocument(): Json {
  const components = new Map<string, Json>();
  const paths: Record<string, Record<string, Json>> = {};
  for (const name of routeNames) {
    const { method, path } = routes[name];
    const told = name === 'openapi' ? documentRoute : describe(name, operations[name], components);
    (paths[path] ??= {})[method.toLowerCase()] = { operationId: name, ...told };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Weft local API',
      version: '1',
      description:
        'What weftd offers on its unix socket (default /run/weft/weftd.sock). ' +
        'Every failure has the body Failure; programs decide by its code.',
    },
    paths,
    components: { schemas: Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))) },
  };
}

const documentRoute: Json = {
  summary: 'This document.',
  responses: { 200: { description: 'OpenAPI 3.1.', content: json({ type: 'object' }) } },
};

function describe(name: RouteName, operation: Operation, components: Map<string, Json>): Json {
  const { summary, params, query, body, answer, text, otherwise } = operation;
  const parameters = [
    ...parametersOf(params, 'path', components),
    ...parametersOf(query, 'query', components),
  ];
  const schema = schemaOf(answer, 'output', components);
  const content = text === undefined ? json(schema) : { [text]: { schema } };
  const responses: Record<string, Json> = { 200: { description: 'Success.', content } };
  if (otherwise !== undefined) responses[otherwise.status] = { description: otherwise.when, content };
  const failure = json(schemaOf(failureJson, 'output', components));
  for (const [status, codes] of failuresOf(name, operation)) {
    responses[status] = { description: codes.join(', '), content: failure };
  }
  return {
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: json(schemaOf(body, 'input', components)) } }),
    responses,
  };
}

/** The codes of an operation by their HTTP status. What any request with input can meet is added. */
function failuresOf(name: RouteName, operation: Operation): ReadonlyMap<number, readonly ErrorCode[]> {
  const takesInput = operation.body !== undefined || routes[name].path.includes('{');
  const codes: ErrorCode[] = [
    ...(takesInput ? (['INPUT_INVALID', 'NAME_INVALID'] as const) : []),
    ...operation.failures,
    'INVARIANT',
  ];
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { http } = errorCodes[code];
    byStatus.set(http, [...(byStatus.get(http) ?? []), code]);
  }
  return byStatus;
}

function parametersOf(
  schema: z.ZodType,
  place: 'path' | 'query',
  components: Map<string, Json>,
): readonly Json[] {
  const { properties = {}, required = [] } = schemaOf(schema, 'input', components) as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

/** The JSON Schema of a value on the wire; schemas that have an id go to the components and are referred to. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', components: Map<string, Json>): Json {
  const {
    $schema: _,
    $defs,
    ...rest
  } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    // Answers may grow: a client that checks them must not refuse what it does not know.
    override: ({ jsonSchema }) => {
      if (io === 'output' && jsonSchema.additionalProperties === false)
        delete jsonSchema.additionalProperties;
    },
  }) as Json;
  for (const [id, definition] of Object.entries(($defs ?? {}) as Readonly<Record<string, Json>>)) {
    add(components, id, withoutId(refer(definition)));
  }
  const told = withoutId(refer(rest));
  const { id } = schema.meta() ?? {};
  if (id === undefined || '$ref' in told) return told;
  add(components, id, told);
  return { $ref: `#/components/schemas/${id}` };
}

function add(components: Map<string, Json>, id: string, schema: Json): void {
  const known = components.get(id);
  invariant(
    known === undefined || JSON.stringify(known) === JSON.stringify(schema),
    `two schemas have the id ${id}`,
  );
  components.set(id, schema);
}

function withoutId(schema: Json): Json {
  const { id: _, $id: __, ...rest } = schema;
  return rest;
}

function refer(schema: Json): Json {
  const text = JSON.stringify(schema).replaceAll('"$ref":"#/$defs/', '"$ref":"#/components/schemas/');
  return JSON.parse(text) as Json;
}

function json(schema: Json): Json {
  return { 'application/json': { schema } };
}
