/** A request line of the local API. `{name}` in a path stands for one segment, percent-encoded. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: `/${string}`;
}

/** The one table of routes: server, OpenAPI document and client read it. No schema is named here: a client needs none. */
export const routes = {
  health: { method: 'GET', path: '/healthz' },
  readiness: { method: 'GET', path: '/readyz' },
  metrics: { method: 'GET', path: '/metrics' },
  openapi: { method: 'GET', path: '/v1/openapi.json' },
  status: { method: 'GET', path: '/v1/status' },
  config: { method: 'GET', path: '/v1/config' },
  listNetworks: { method: 'GET', path: '/v1/networks' },
  createNetwork: { method: 'POST', path: '/v1/networks' },
  inspectNetwork: { method: 'GET', path: '/v1/networks/{name}' },
  applyNetwork: { method: 'PUT', path: '/v1/networks/{name}' },
  planNetworks: { method: 'POST', path: '/v1/plan' },
  declarationOf: { method: 'GET', path: '/v1/networks/{name}/declaration' },
  removeNetwork: { method: 'DELETE', path: '/v1/networks/{name}' },
  listPools: { method: 'GET', path: '/v1/address-pools' },
  setPools: { method: 'PUT', path: '/v1/address-pools' },
  listEndpoints: { method: 'GET', path: '/v1/endpoints' },
  inspectEndpoint: { method: 'GET', path: '/v1/endpoints/{endpoint}' },
  attach: { method: 'POST', path: '/v1/attach' },
  detach: { method: 'POST', path: '/v1/detach' },
  listAddresses: { method: 'GET', path: '/v1/addresses' },
  findAddress: { method: 'GET', path: '/v1/addresses/{address}' },
  checkAddresses: { method: 'POST', path: '/v1/addresses/check' },
  reserveAddress: { method: 'POST', path: '/v1/reservations' },
  releaseAddress: { method: 'POST', path: '/v1/reservations/release' },
  acceptStore: { method: 'POST', path: '/v1/store/accept' },
  joinStore: { method: 'POST', path: '/v1/store/join' },
  events: { method: 'GET', path: '/v1/events' },
  debugView: { method: 'GET', path: '/v1/debug/view' },
  debugDesired: { method: 'GET', path: '/v1/debug/desired' },
  debugObserved: { method: 'GET', path: '/v1/debug/observed' },
  debugPlan: { method: 'GET', path: '/v1/debug/plan' },
  listNodes: { method: 'GET', path: '/v1/nodes' },
  forgetNode: { method: 'DELETE', path: '/v1/nodes/{node}' },
  drainNode: { method: 'POST', path: '/v1/nodes/{node}/drain' },
} as const satisfies Readonly<Record<string, Route>>;

export type RouteName = keyof typeof routes;

/** The table as a list, in its order. */
export const routeNames = Object.keys(routes) as readonly RouteName[];
