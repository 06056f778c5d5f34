/** What an operator does once a store has been filled, for people. */
export function nextSteps(url: string): string {
  return [
    'Now on one node after the other; traffic goes on meanwhile:',
    `  in /etc/weft/weftd.yaml   store: ${url}`,
    '  systemctl restart weftd && weft status',
    `Then, on any node: weft store check`,
  ].join('\n');
}

/** Said when agents still write to the store that was copied; one line each. */
export function agentsWarning(store: string, agents: readonly string[]): string {
  return (
    `agents still use ${store}: ${agents.join(' ')}. What is attached, detached or declared there from now on is ` +
    'missing in the new store: make no change until every agent was restarted. Or stop the agents, copy, and start ' +
    'them with the new store: traffic goes on without them'
  );
}
