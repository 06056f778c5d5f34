import type { Store } from '../../store.ts';
import type { TcpProxy } from '../tcp-proxy.ts';
import { faultFor } from './fault-case.ts';

/** Something that begins and ends. */
export interface Outage {
  /** Returns when it has begun for everybody. */
  begin(): Promise<void>;
  /** May return before everybody has noticed. */
  end(): Promise<void>;
}

/** The way of `store` over the network. */
export interface Way {
  readonly proxy: TcpProxy;
  /** One more client on this way; with `spare` it knows a second address, which is not broken. It ends with the ground. */
  client(wish?: { readonly spare: boolean }): Promise<Store>;
}

/** A store of its own that has little room. It ends with the ground. */
export interface SmallStore {
  readonly store: Store;
  /** Uses up all of its room. */
  fill(): Promise<void>;
  /** What an operator does about it. */
  makeRoom(): Promise<void>;
}

/** A store of its own in which people have permissions. It ends with the ground. */
export interface GuardedStore {
  /** May read and write, at first. */
  readonly store: Store;
  /** From now on `store` may do nothing; connections that it has are cut. */
  take(): Promise<unknown>;
  giveBack(): Promise<unknown>;
  /** Puts a key as somebody who always may. */
  write(key: string, text: string): Promise<unknown>;
}

/** The wall clock of the process that has the clients; as it was when it is disposed of. */
export interface WallClock extends Disposable {
  /** Moves it by so many milliseconds. */
  step(ms: number): void;
}

/** What can be done to a store of one server or file. */
export interface Hands {
  /** Nobody reaches the store, in its plainest way: the server is killed with -9, the file is not there. */
  readonly away: Outage;
  /** The connection of one client: cut, refused, swallowed, made deaf. */
  readonly way: Way;
  /** The server is stopped in the middle of what it does (SIGSTOP), and goes on later. */
  readonly freeze: Outage;
  /** Another process is stopped (SIGSTOP) while it holds the lock that every writer needs; `end` kills it with -9. */
  readonly lock: Outage;
  /** Forgets all history up to now. */
  readonly compact: () => Promise<void>;
  /** Keeps a copy of the store; the function that it returns puts it back as it was. */
  readonly save: () => Promise<() => Promise<void>>;
  /** The store begins another life: all data are gone. */
  readonly wipe: () => Promise<void>;
  readonly small: () => Promise<SmallStore>;
  readonly guarded: () => Promise<GuardedStore>;
  readonly wallClock: () => WallClock;
}

/** Cases that need nothing else touch nothing but what is their own, and may run side by side. */
export const ownHands: ReadonlySet<keyof Hands> = new Set(['way', 'small', 'guarded']);

/** A case for a store of one server or file. */
export const fault = faultFor<Hands>();
