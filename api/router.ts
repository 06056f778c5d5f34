import { routeNames, routes, type RouteName } from './routes.ts';

export type Match =
  | {
      readonly kind: 'found';
      readonly route: RouteName;
      readonly params: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'unknown-path' }
  | { readonly kind: 'wrong-method'; readonly allowed: readonly string[] };

/** Which route a request line means; `path` without its query, still percent-encoded. */
export function matchRoute(method: string, path: string): Match {
  const here = routeNames.flatMap((route) => {
    const params = paramsOf(routes[route].path, path);
    return params === undefined ? [] : [{ route, params }];
  });
  if (here.length === 0) return { kind: 'unknown-path' };
  const found = here.find(({ route }) => routes[route].method === method);
  if (found === undefined) {
    return { kind: 'wrong-method', allowed: here.map(({ route }) => routes[route].method) };
  }
  return { kind: 'found', ...found };
}

/** The path parameters when `path` has the shape of `template`. */
function paramsOf(template: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = template.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, step] of wanted.entries()) {
    const text = given[i] ?? '';
    const name = /^\{(\w+)\}$/.exec(step)?.[1];
    const value = name === undefined ? undefined : decode(text);
    if (name === undefined ? step !== text : value === undefined) return undefined;
    if (name !== undefined && value !== undefined) params[name] = value;
  }
  return params;
}

/** Empty and wrongly encoded segments name nothing. */
function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment) || undefined;
  } catch {
    return undefined;
  }
}
