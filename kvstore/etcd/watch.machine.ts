/**
 * What one watch does, as values: `next(state, input)` says the next state and the effects to run.
 *
 * ```
 * waiting -> listing -> opening -> following <-> checking
 *                          \________ settling ________/
 * ```
 *
 * A watch lists, says so as a snapshot, and follows from the next revision on. When contact was lost it lists again and
 * compares: is nothing new, it follows from there; otherwise it resumes after the last event that it has passed on, and
 * holds what comes until the listing is reached, so that missed events arrive as one batch. What the events cannot
 * explain (a server that lost events, a store that is another one) ends in a snapshot of the listing.
 */
import { hasCode } from '../../model/errors.ts';
import type { Revision, WatchUpdate } from '../store.ts';
import { Known } from './known.ts';
import type { Truth } from './list.ts';
import { coalesce, lastRevision, type WatchEvent } from './watch-events.ts';

/** What the watcher has been told. */
export interface Told {
  /** Everything up to this revision; events up to it are old. */
  readonly position: Revision;
  readonly identity: string;
  readonly known: Known;
}

/** A listing that the events have yet to reach. */
interface Goal {
  readonly truth: Truth;
  /** Keys that are not yet as in the listing. */
  readonly differing: ReadonlyMap<string, Revision | undefined>;
  /** Came, and not passed on yet. */
  readonly held: readonly WatchEvent[];
}

interface Always {
  /** Undefined until the first snapshot. */
  readonly told: Told | undefined;
  /** Has the watcher been told that contact is lost, and nothing since? */
  readonly stale: boolean;
  /** Attempts in a row that came to nothing. */
  readonly failures: number;
}
interface Informed extends Always {
  readonly told: Told;
}

export type WatchState =
  /** For the next attempt. `adopt`: the next listing becomes a snapshot, since the events are no longer kept. */
  | (Always & { readonly phase: 'waiting' | 'listing'; readonly adopt: boolean })
  /** The stream is asked for; with a goal when events were missed. */
  | (Informed & { readonly phase: 'opening'; readonly goal: Goal | undefined })
  | (Informed & { readonly phase: 'following'; readonly steady: boolean })
  /** Follows, and lists to compare. Events are held until the listing is there. */
  | (Informed & { readonly phase: 'checking'; readonly held: readonly WatchEvent[] })
  | (Informed & { readonly phase: 'settling'; readonly goal: Goal });

export type WatchInput =
  | { readonly kind: 'listed'; readonly truth: Truth }
  | { readonly kind: 'list-failed'; readonly error: Error }
  /** The stream is there. */
  | { readonly kind: 'opened' }
  /** Whole revisions, in order. */
  | { readonly kind: 'events'; readonly events: readonly WatchEvent[] }
  /** The stream has ended, or could not be opened. */
  | { readonly kind: 'broken'; readonly error: Error }
  /** The revision to resume from is no longer kept. */
  | { readonly kind: 'compacted' }
  | { readonly kind: 'timer' };

/** A new `list`, `open` or `wake` takes the place of the one before; so does `drop`, of the stream. */
export type WatchEffect =
  | { readonly kind: 'tell'; readonly update: WatchUpdate }
  | { readonly kind: 'list' }
  /** Asks for a stream of the events from this revision on. */
  | { readonly kind: 'open'; readonly from: Revision }
  | { readonly kind: 'drop' }
  /** Sends `timer` later: see `watch-timing.ts`. */
  | { readonly kind: 'wake'; readonly why: Reason; readonly failures: number };

/** `retry`: after a failure; `settle`: events should have come by then; `steady`: the stream has lasted; `check`: compare. */
export type Reason = 'retry' | 'settle' | 'steady' | 'check';

export interface Reaction {
  readonly state: WatchState;
  readonly effects: readonly WatchEffect[];
}

export const start: Reaction = {
  state: { phase: 'listing', told: undefined, stale: false, failures: 0, adopt: false },
  effects: [{ kind: 'list' }],
};

/** Inputs that mean nothing in a phase leave everything as it is. */
export function next(state: WatchState, input: WatchInput): Reaction {
  switch (input.kind) {
    case 'listed':
      return state.phase === 'listing'
        ? listed(state, input.truth)
        : state.phase === 'checking'
          ? compared(state, input.truth, state.held)
          : same(state);
    case 'list-failed':
      return listFailed(state, input.error);
    case 'opened':
      return state.phase === 'opening' ? opened(state) : same(state);
    case 'events':
      return events(state, input.events);
    case 'broken':
      return hasStream(state) ? retry(state, input.error, false) : same(state);
    case 'compacted':
      return hasStream(state) ? retry(state, undefined, true) : same(state);
    case 'timer':
      return timer(state);
  }
}

const same = (state: WatchState): Reaction => ({ state, effects: [] });
const wake = (why: Reason, failures = 0): WatchEffect => ({ kind: 'wake', why, failures });
const hasStream = (state: WatchState): boolean => state.phase !== 'waiting' && state.phase !== 'listing';

function listed(state: WatchState & { readonly adopt: boolean }, truth: Truth): Reaction {
  const { told, failures, stale } = state;
  if (told === undefined || state.adopt || isAnother(told, truth)) {
    const adopted = toldOf(truth);
    return {
      state: { phase: 'opening', told: adopted, stale: false, failures, goal: undefined },
      effects: [snapshot(truth), { kind: 'open', from: truth.revision + 1 }],
    };
  }
  const differing = told.known.differences(Known.of(truth.entries));
  const goal = differing.size === 0 ? undefined : { truth, differing, held: [] };
  const from = goal === undefined ? { ...told, position: truth.revision } : told;
  return {
    state: { phase: 'opening', told: from, stale, failures, goal },
    effects: [{ kind: 'open', from: from.position + 1 }],
  };
}

/** Another store, or another life of it: what it says is not a continuation of what was told. */
const isAnother = (told: Told, truth: Truth): boolean =>
  told.identity !== truth.identity || truth.revision < told.position;

const toldOf = (truth: Truth): Told => ({
  position: truth.revision,
  identity: truth.identity,
  known: Known.of(truth.entries),
});

const snapshot = ({ revision, entries, identity }: Truth): WatchEffect => ({
  kind: 'tell',
  update: { kind: 'snapshot', revision, entries, identity },
});

function listFailed(state: WatchState, error: Error): Reaction {
  if (state.phase === 'listing') return retry(state, error, state.adopt);
  if (state.phase !== 'checking') return same(state);
  // A server may go on sending to a watch whose permission was taken; what may be read is no longer known.
  if (hasCode(error, 'STORE_DENIED')) return retry(state, error, false);
  // The stream is there, so nothing is wrong with what was told: compare another time.
  return follow(state, state.held, true, 0);
}

function opened(state: WatchState & { readonly phase: 'opening' }): Reaction {
  const { goal } = state;
  if (goal === undefined) return follow(state, [], false, state.told.position);
  return { state: { ...state, phase: 'settling', goal }, effects: [wake('settle')] };
}

function events(state: WatchState, all: readonly WatchEvent[]): Reaction {
  const { told } = state;
  if (told === undefined) return same(state);
  const fresh = all.filter((event) => event.revision > told.position);
  if (fresh.length === 0) return same(state);
  switch (state.phase) {
    case 'following': {
      const { told: after, effects } = pass(told, fresh);
      return { state: { ...state, told: after }, effects };
    }
    case 'checking':
      return { state: { ...state, held: [...state.held, ...fresh] }, effects: [] };
    case 'settling':
      return settle(state, reached(state.goal, fresh), false);
    default:
      return same(state);
  }
}

/** Compares a listing that was made while the stream was on. */
function compared(state: WatchState & Informed, truth: Truth, held: readonly WatchEvent[]): Reaction {
  if (isAnother(state.told, truth)) return adopt(state, truth, []);
  const differing = state.told.known.differences(Known.of(truth.entries));
  return settle(state, reached({ truth, differing, held: [] }, held), false);
}

/** Takes events on board; what they bring about as the listing has it no longer differs. */
function reached(goal: Goal, events: readonly WatchEvent[]): Goal {
  const differing = new Map(goal.differing);
  for (const { key, revision, exists } of events) {
    if (differing.has(key) && differing.get(key) === (exists ? revision : undefined)) differing.delete(key);
  }
  return { truth: goal.truth, differing, held: [...goal.held, ...events] };
}

/** Goes on following when the listing is explained, adopts it when it cannot be, and otherwise waits for more events. */
function settle(state: WatchState & Informed, goal: Goal, late: boolean): Reaction {
  const { truth, differing, held } = goal;
  if (differing.size === 0) return follow(state, held, state.phase === 'checking', truth.revision);
  const past = (lastRevision(held) ?? 0) > truth.revision;
  if (past || late) return adopt(state, truth, held);
  if (state.phase === 'settling') return { state: { ...state, goal }, effects: [] };
  const { told, stale, failures } = state;
  return { state: { phase: 'settling', told, stale, failures, goal }, effects: [wake('settle')] };
}

/** The listing becomes the truth, and what came after it goes on top. */
function adopt(state: WatchState & Informed, truth: Truth, held: readonly WatchEvent[]): Reaction {
  const told = toldOf(truth);
  const later = held.filter((event) => event.revision > truth.revision);
  const { state: after, effects } = follow({ ...state, told, stale: false }, later, false, truth.revision);
  return { state: after, effects: [snapshot(truth), ...effects] };
}

/** Passes on what was held. Everything up to `atLeast` is known. */
function follow(
  state: WatchState & Informed,
  held: readonly WatchEvent[],
  steady: boolean,
  atLeast: Revision,
): Reaction {
  const tell = held.length > 0 || state.stale;
  const { told, effects } = pass(state.told, held, atLeast);
  return {
    state: { phase: 'following', told, stale: false, failures: state.failures, steady },
    effects: [...(tell ? effects : []), wake(steady ? 'check' : 'steady')],
  };
}

function pass(
  told: Told,
  events: readonly WatchEvent[],
  atLeast: Revision = 0,
): { readonly told: Told; readonly effects: readonly WatchEffect[] } {
  const revision = Math.max(told.position, atLeast, lastRevision(events) ?? 0);
  return {
    told: { ...told, position: revision, known: told.known.after(events) },
    effects: [{ kind: 'tell', update: { kind: 'changes', revision, changes: coalesce(events) } }],
  };
}

/** Begins anew after a while. Compaction is no loss of contact. */
function retry(state: WatchState, error: Error | undefined, mustAdopt: boolean): Reaction {
  const { told, stale } = state;
  const failures = state.failures + 1;
  const tell = error !== undefined && !stale;
  return {
    state: { phase: 'waiting', told, stale: stale || tell, failures, adopt: mustAdopt },
    effects: [
      { kind: 'drop' },
      ...(tell ? [{ kind: 'tell', update: { kind: 'stale', cause: error } } as const] : []),
      wake('retry', failures),
    ],
  };
}

function timer(state: WatchState): Reaction {
  switch (state.phase) {
    case 'waiting':
      return { state: { ...state, phase: 'listing' }, effects: [{ kind: 'list' }] };
    case 'following': {
      if (!state.steady) return { state: { ...state, steady: true, failures: 0 }, effects: [wake('check')] };
      const { told, stale, failures } = state;
      return { state: { phase: 'checking', told, stale, failures, held: [] }, effects: [{ kind: 'list' }] };
    }
    case 'settling':
      return settle(state, state.goal, true);
    default:
      return same(state);
  }
}
