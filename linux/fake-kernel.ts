import { WeftError } from '../model/errors.ts';
import type { Ip } from '../model/ip.ts';
import type { Prefix } from '../model/prefix.ts';
import { FakeTables } from './fake-tables.ts';
import type {
  Announcement,
  Kernel,
  Observation,
  SandboxIdentity,
  StepResult,
  Underlay,
  Watching,
} from './kernel.ts';
import type { Hearing, Notice, NoticeListener } from './notice.ts';
import type { LinuxObject } from './objects/object.ts';
import { keyOf } from './objects/object.ts';
import type { TableEntry } from './objects/keyed-map.ts';
import type { Namespace } from './objects/namespace.ts';
import { ObjectSet } from './objects/object-set.ts';
import type { NetworkScope, SandboxScope } from './objects/scope.ts';
import { Refusals } from './plan/refusals.ts';
import type { Step } from './plan/step.ts';

type Call = 'namespaces' | 'observe' | 'look' | 'apply' | 'announce';

export interface FakeKernelOptions {
  /** Is br_netfilter loaded? Default: yes. */
  readonly bridgeNetfilter?: boolean;
  readonly underlays?: readonly Underlay[];
  readonly routes?: readonly Prefix[];
  readonly addresses?: readonly Ip[];
}

/** Which call of the port, or which steps, shall fail once. */
export interface StepPattern {
  readonly op?: Step['op'];
  readonly kind?: LinuxObject['kind'];
  readonly key?: string;
}

/**
 * A kernel in memory that keeps the contract of the real one. It keeps count of writes, fails on demand, and lets a test act
 * behind its back.
 */
export class FakeKernel implements Kernel {
  #tables: FakeTables;
  #boots = 1;
  readonly #options: FakeKernelOptions;
  readonly #watchers = new Set<() => void>();
  readonly #listeners = new Set<NoticeListener>();
  readonly #waiting: { readonly scope: NetworkScope | SandboxScope; readonly notice: Notice }[] = [];
  #underlays: readonly Underlay[];
  readonly #refusals: { readonly pattern: StepPattern; readonly error: WeftError }[] = [];
  readonly #failures = new Map<Call, WeftError>();
  /** Steps that reached the kernel, in order, refused ones included. */
  readonly written: Step[] = [];
  readonly announced: { readonly scope: NetworkScope; readonly announcements: readonly Announcement[] }[] =
    [];
  closed = false;

  constructor(options: FakeKernelOptions = {}) {
    this.#options = options;
    this.#underlays = options.underlays ?? [];
    this.#tables = this.#booted();
  }

  /** How many steps have reached the kernel. */
  get writes(): number {
    return this.written.length;
  }

  /** The next call of this kind throws. */
  failNext(call: Call, error: WeftError): void {
    this.#failures.set(call, error);
  }

  /** The next step that fits the pattern is refused. */
  refuseNext(
    pattern: StepPattern,
    error = new WeftError('KERNEL_REFUSED', 'ENOBUFS: refused on demand'),
  ): void {
    this.#refusals.push({ pattern, error });
  }

  /** A sandbox comes into being. */
  addSandbox(scope: SandboxScope): SandboxScope {
    this.#tables.addSandbox(scope);
    return scope;
  }

  /** A sandbox ends, and with it the ports that lead into it. */
  killSandbox(scope: SandboxScope): void {
    this.#tables.killSandbox(scope);
  }

  /** The machine starts anew: nothing is left of what was in the kernel. */
  reboot(): void {
    this.#boots += 1;
    this.#tables = this.#booted();
  }

  #booted(): FakeTables {
    return new FakeTables(this.#options.bridgeNetfilter ?? true, this.bootId());
  }

  bootId(): string {
    return `6b1d7a52-0000-4000-8000-${String(this.#boots).padStart(12, '0')}`;
  }

  /** Somebody else's hand: the object is there, uncounted, unchecked, and without a notice. In a sandbox it is not ours. */
  meddle(object: LinuxObject): void {
    this.#tables.meddle(object);
  }

  /** Somebody else's hand removes an object, and what stands on it, without a notice. */
  remove(object: LinuxObject): void {
    this.#tables.delete(object);
  }

  /** Gives notice, true or not. */
  tell(scope: NetworkScope | SandboxScope, notice: Notice): void {
    if (this.#listeners.size === 0) return;
    if (this.#waiting.length === 0) setImmediate(() => this.#tellAll());
    this.#waiting.push({ scope, notice });
  }

  #tellAll(): void {
    for (const { scope, notice } of this.#waiting.splice(0)) {
      for (const listener of this.#listeners) listener.onNotice(scope, notice);
    }
  }

  /** All that is ours in it at this very moment, for a test that looks over everybody's shoulder. */
  peek(): readonly LinuxObject[] {
    return this.#tables.all();
  }

  async namespaces(): Promise<readonly Namespace[]> {
    await this.#turn('namespaces');
    return this.#tables.all().filter((o) => o.kind === 'netns');
  }

  async observe(scope: NetworkScope, sandboxes: readonly SandboxScope[]): Promise<Observation> {
    await this.#turn('observe');
    return this.#tables.observe(scope, sandboxes);
  }

  async look(scope: NetworkScope, entries: readonly TableEntry[]): Promise<ObjectSet> {
    await this.#turn('look');
    const { objects } = this.#tables.observe(scope, []);
    return new ObjectSet(entries.map((entry) => objects.get(entry)).filter((found) => found !== undefined));
  }

  async apply(steps: readonly Step[]): Promise<readonly StepResult[]> {
    await this.#turn('apply');
    const refusals = new Refusals();
    return steps.map((step) => {
      const error = refusals.blocking(step) ?? this.#write(step);
      if (error === undefined) return { ok: true };
      refusals.add(step);
      return { ok: false, error };
    });
  }

  listen(listener: NoticeListener): Hearing {
    this.#listeners.add(listener);
    return {
      hear: () => Promise.resolve(),
      // What a hand changes in silence is found by a compare.
      mind: () => undefined,
      drain: () => {
        this.#tellAll();
      },
      close: () => {
        this.#listeners.delete(listener);
      },
    };
  }

  /** Notices were lost. */
  overrun(): void {
    for (const listener of this.#listeners) listener.onOverrun();
  }

  async announce(
    scope: NetworkScope,
    _bridge: string,
    announcements: readonly Announcement[],
  ): Promise<void> {
    await this.#turn('announce');
    this.announced.push({ scope, announcements });
  }

  identify(scope: SandboxScope): SandboxIdentity {
    return this.#tables.identify(scope);
  }

  async underlay(advertise: string): Promise<Underlay> {
    const known = this.#underlays;
    const found = known.find(
      (u) => u.interfaceName === advertise || u.addresses.some((a) => a === advertise),
    );
    if (found !== undefined) return await Promise.resolve(found);
    const names = known.map((u) => u.interfaceName).join(', ');
    throw new WeftError('INPUT_INVALID', `no interface ${advertise}; there is: ${names}`, {
      details: { advertise },
    });
  }

  watchUnderlay(onChange: () => void): Watching {
    this.#watchers.add(onChange);
    return { close: () => this.#watchers.delete(onChange) };
  }

  /** The interfaces of the node are others now. */
  changeUnderlay(underlays: readonly Underlay[]): void {
    this.#underlays = underlays;
    for (const tell of this.#watchers) tell();
  }

  async routes(): Promise<readonly Prefix[]> {
    return await Promise.resolve(this.#options.routes ?? []);
  }

  async addresses(): Promise<readonly Ip[]> {
    return await Promise.resolve(this.#options.addresses ?? []);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.resolve();
  }

  #write(step: Step): WeftError | undefined {
    this.written.push(step);
    const at = this.#refusals.findIndex(({ pattern }) => fits(pattern, step));
    if (at >= 0) return this.#refusals.splice(at, 1)[0]?.error;
    const answer = this.#tables[step.op](step.object);
    if (answer === undefined) {
      const { op, object } = step;
      this.tell(object.scope, { kind: op === 'delete' ? 'lost' : 'holds', object });
      return undefined;
    }
    const key = keyOf(step.object);
    return new WeftError('KERNEL_REFUSED', `cannot ${step.op} ${key}: ${answer}`, {
      details: { key, op: step.op, errno: answer.slice(0, answer.indexOf(':')) },
    });
  }

  async #turn(call: Call): Promise<void> {
    await Promise.resolve();
    const failure = this.#failures.get(call);
    this.#failures.delete(call);
    if (failure !== undefined) throw failure;
  }
}

function fits(pattern: StepPattern, step: Step): boolean {
  return (
    (pattern.op ?? step.op) === step.op &&
    (pattern.kind ?? step.object.kind) === step.object.kind &&
    (pattern.key === undefined || pattern.key === keyOf(step.object))
  );
}
