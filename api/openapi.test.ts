import { describe, expect, test } from '@jest/globals';
import { openApiDocument } from './openapi.ts';
import { routeNames, routes } from './routes.ts';

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}
const openApi = openApiDocument() as unknown as Document;

describe('the OpenAPI document', () => {
  test('has every route under its method, and no other', () => {
    const told = Object.entries(openApi.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => [operationId, method.toUpperCase(), path]),
    );
    const wanted = routeNames.map((name) => [name, routes[name].method, routes[name].path]);
    expect(told.toSorted()).toEqual(wanted.toSorted());
  });

  test('every reference leads to a component, every component is used', () => {
    const text = JSON.stringify(openApi);
    const used = [...text.matchAll(/"\$ref":"([^"]*)"/g)].map((match) => match[1]);
    const there = Object.keys(openApi.components.schemas).map((id) => `#/components/schemas/${id}`);
    expect([...new Set(used)].toSorted()).toEqual(there.toSorted());
  });

  test('says what a request must have, may have, and how it fails', () => {
    expect(openApi.paths).toMatchObject({
      '/v1/networks/{name}': {
        delete: {
          parameters: [
            { name: 'name', in: 'path', required: true },
            { name: 'force', in: 'query', required: false, schema: { enum: ['true', 'false'] } },
            { name: 'wait', in: 'query', required: false, schema: { enum: ['true', 'false'] } },
            { name: 'timeout', in: 'query', required: false },
          ],
          responses: { 404: { description: 'NETWORK_NOT_FOUND' }, 409: { description: 'NETWORK_IN_USE' } },
        },
      },
      '/readyz': { get: { responses: { 503: { description: 'Not ready, and why.' } } } },
    });
    expect(openApi.components.schemas['Attach']).toMatchObject({ required: ['network', 'sandbox'] });
    expect(openApi.components.schemas['Endpoint']).not.toHaveProperty('additionalProperties');
    expect(openApi.components.schemas['Attach']).toHaveProperty('additionalProperties', false);
  });
});
