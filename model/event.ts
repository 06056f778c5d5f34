import type { LogFields } from './logger.ts';

/** Every kind of event: how loud the log says it, and what it means. */
export const eventKinds = {
  'agent-ready': { level: 'info', meaning: 'this agent has read the store and compared the kernel' },
  'agent-stopping': { level: 'info', meaning: 'this agent was told to stop; what it has made stays' },
  'store-away': { level: 'warn', meaning: 'the store is out of reach; traffic goes on, changes wait' },
  'store-back': { level: 'info', meaning: 'the store answers again' },
  'store-doubted': {
    level: 'warn',
    meaning: 'the store has lost something, or belongs to another cluster; what it does not name is held',
  },
  'store-believed': { level: 'info', meaning: 'the store is the one of this cluster again' },
  'store-restored': { level: 'warn', meaning: 'this node has put back what the store had lost' },
  'store-accepted': {
    level: 'warn',
    meaning: 'somebody said that the store is right; what was held is given up',
  },
  'lease-lost': {
    level: 'warn',
    meaning: 'this node counts as down for the others until it has joined again',
  },
  'lease-back': { level: 'info', meaning: 'this node has joined again' },
  'network-accepted': { level: 'info', meaning: 'a network is there, or is changed' },
  'network-refused': { level: 'warn', meaning: 'a declaration cannot be accepted' },
  'network-removing': { level: 'info', meaning: 'a network is being removed' },
  'network-removed': { level: 'info', meaning: 'a network is gone' },
  'network-undeclared': {
    level: 'warn',
    meaning: 'a declaration is gone, its network has endpoints and stays',
  },
  'endpoint-attached': { level: 'info', meaning: 'a sandbox of this node was attached, and is programmed' },
  'endpoint-detached': { level: 'info', meaning: 'an endpoint of this node was detached' },
  'programmed-everywhere': {
    level: 'info',
    meaning: 'all live nodes that take part have programmed what somebody here has waited for',
  },
  'drift-repaired': {
    level: 'warn',
    meaning: 'somebody else has changed something of ours in the kernel; it is as it was',
  },
  'drift-fought': {
    level: 'warn',
    meaning: 'somebody keeps changing something of ours; it is repaired with growing pauses',
  },
  'drift-over': { level: 'info', meaning: 'what somebody kept changing is left in peace again' },
  'sandbox-gone': { level: 'info', meaning: 'a sandbox of this node is gone; its endpoint was detached' },
  'endpoint-put-back': {
    level: 'info',
    meaning: 'an endpoint of this node was missing from the store, and was put back',
  },
  'endpoint-conflict': {
    level: 'warn',
    meaning: 'somebody else holds what an endpoint of this node had; its port is down',
  },
  'endpoint-ended': {
    level: 'info',
    meaning:
      'an endpoint of this node was missing from the store and there is nothing to put it back to, or was detached and in the store again',
  },
  'pool-nearly-full': {
    level: 'warn',
    meaning: 'nine tenths of the addresses of a pool are used, or more; told again only after it had room',
  },
  'node-joined': { level: 'info', meaning: 'a node that was not known is there' },
  'node-changed': { level: 'info', meaning: 'a node has another name, VTEP address or MTU' },
  'node-left': { level: 'info', meaning: 'the record of a node is gone' },
  'node-down': { level: 'warn', meaning: 'the lease of a node has ended; its endpoints stay' },
  'node-up': { level: 'info', meaning: 'a node has a lease again' },
  'node-kept': { level: 'warn', meaning: 'a node has been down for long, and is not collected' },
  'node-collected': { level: 'info', meaning: 'this agent has given up a node that was down for long' },
  'node-forgotten': { level: 'info', meaning: 'this agent has given up a node, as somebody asked' },
  'node-drained': { level: 'info', meaning: 'this node has detached all its endpoints, as somebody asked' },
} as const satisfies Readonly<
  Record<string, { readonly level: 'info' | 'warn' | 'error'; readonly meaning: string }>
>;

export type EventKind = keyof typeof eventKinds;

/** Something that this agent decided, did, or learned of others. */
export interface WeftEvent {
  /** Counts up by one within this node; goes on over restarts. */
  readonly number: number;
  /** ISO 8601, of this node's clock. */
  readonly time: string;
  readonly kind: EventKind;
  /** For people: names the object and what came of it. */
  readonly message: string;
  readonly fields: LogFields;
}

/** Where events are told. */
export interface Events {
  tell(kind: EventKind, message: string, fields?: LogFields): void;
}
