import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { endTracing, traceProcess, type Tracing } from '../lab/strace.ts';
import { waitFor } from '../lab/wait.ts';
import { operations, type Operation, type OperationName } from './operations.ts';
import type { Stage } from './stage.ts';
import { readTrace, type Trace, type TracedCall } from './trace.ts';

/** A place in an operation at which it can be killed: before the n-th call of this name of a thread, counted from where it begins. */
export interface Point {
  readonly call: string;
  readonly nth: number;
  /** Only calls that have to do with this file count. */
  readonly path?: string | undefined;
}

/** Does an operation undisturbed, and tells what calls it made. */
export async function watch(stage: Stage, name: OperationName, calls: string): Promise<Trace> {
  const operation = operations[name];
  await operation.prepare(stage);
  const { trace, error } = await traced(stage, operation, { file: traceFile(stage), calls });
  if (error !== undefined) throw error as Error;
  await revive(stage, operation);
  return trace;
}

/** What a kill has hit. */
export interface Strike {
  readonly trace: Trace;
  /** The call before which it was; undefined: the operation was over before it came to that. */
  readonly hit: TracedCall | undefined;
  /** What is otherwise than in an undisturbed run, after the agent was started again and the operation repeated. */
  readonly strays: readonly string[];
}

/** Kills the agent at a point of an operation with SIGKILL, starts it again, and has the operation repeated. */
export async function strike(stage: Stage, name: OperationName, point: Point): Promise<Strike> {
  const operation = operations[name];
  await operation.prepare(stage);
  const { call, nth, path } = point;
  const inject = `${call}:signal=SIGKILL:when=${nth}`;
  const { trace, error } = await traced(stage, operation, {
    file: traceFile(stage),
    calls: call,
    path,
    inject,
  });
  if (error !== undefined && !trace.killed) throw error as Error;
  const hit = trace.killed ? struck(trace, call) : undefined;
  await revive(stage, operation);
  if (hit !== undefined) await operation.repeat(stage);
  return { trace, hit, strays: await stage.strays() };
}

/** The same when the operation is just over. What is otherwise than in an undisturbed run. */
export async function strikeAfter(stage: Stage, name: OperationName): Promise<readonly string[]> {
  const operation = operations[name];
  await operation.prepare(stage);
  await operation.act(stage);
  await stage.host.agent.kill9();
  await revive(stage, operation);
  await operation.repeat(stage);
  return stage.strays();
}

/** The last call of this name of which no end is known. */
const struck = ({ calls }: Trace, name: string): TracedCall | undefined =>
  calls.findLast((call) => call.name === name && call.result === undefined);

interface Run {
  readonly trace: Trace;
  /** What whoever wanted the operation was told. */
  readonly error?: unknown;
}

async function traced(stage: Stage, operation: Operation, tracing: Tracing): Promise<Run> {
  const { agent } = stage.host;
  rmSync(tracing.file, { force: true });
  const watching = operation.runs ? await traceProcess(agent.pid ?? 0, tracing) : undefined;
  const error: unknown = await operation.act(stage, tracing).then(
    () => undefined,
    (failure: unknown) => failure,
  );
  stage.rest = operation.end;
  // Whoever was asking is told first that nobody is there any more.
  const gone = (): boolean => !agent.running;
  if (error !== undefined)
    await waitFor('the agent to be gone', gone, { within: 5000 }).catch(() => undefined);
  const text = await (watching?.stop(gone()) ?? endTracing(agent.pid, tracing));
  return { trace: readTrace(text), ...(error === undefined ? {} : { error }) };
}

/** The agent runs again, however it has ended. */
async function revive(stage: Stage, { end }: Operation): Promise<void> {
  await stage.run();
  stage.rest = end;
}

const traceFile = ({ host }: Stage): string => join(host.directory, 'crash-trace');
