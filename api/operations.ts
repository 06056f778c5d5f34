import { addressOperations } from './operations/address.ts';
import { agentOperations } from './operations/agent.ts';
import { debugOperations } from './operations/debug.ts';
import { endpointOperations } from './operations/endpoint.ts';
import { networkOperations } from './operations/network.ts';
import { nodeOperations } from './operations/node.ts';
import type { Operation } from './operations/operation.ts';
import { storeOperations } from './operations/store.ts';
import type { RouteName } from './routes.ts';

/** What stands behind every route but that of the OpenAPI document, which is made from this table. */
export const operations: Readonly<Record<Exclude<RouteName, 'openapi'>, Operation>> = {
  ...agentOperations,
  ...networkOperations,
  ...endpointOperations,
  ...addressOperations,
  ...storeOperations,
  ...nodeOperations,
  ...debugOperations,
};
