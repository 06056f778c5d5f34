import type { Revision } from '../../kvstore/store.ts';
import { DesiredState } from '../../linux/desired.ts';
import { Suspicions } from '../../linux/drift.ts';
import { decisionOf } from '../../linux/errno-decisions.ts';
import type { Kernel, Observation, StepResult } from '../../linux/kernel.ts';
import type { Notice } from '../../linux/notice.ts';
import type { Sysctl } from '../../linux/objects/ip-config.ts';
import { KeyedMap, type TableEntry } from '../../linux/objects/keyed-map.ts';
import { keyOf, type LinuxObject, type ObjectKey } from '../../linux/objects/object.ts';
import { ObjectSet } from '../../linux/objects/object-set.ts';
import { networkScope, type NetworkScope, type SandboxScope } from '../../linux/objects/scope.ts';
import { sameObject } from '../../linux/plan/change-table.ts';
import { plan } from '../../linux/plan/plan.ts';
import type { Plan } from '../../linux/plan/step.ts';
import { Tracker } from '../../linux/tracker.ts';
import type { EndpointId } from '../../model/endpoint.ts';
import { asWeftError, WeftError } from '../../model/errors.ts';
import type { Network, NetworkId } from '../../model/network.ts';
import { announcements } from '../../vxlan/announcements.ts';
import { networkMtu } from '../../vxlan/mtu.ts';
import { bridgeName, endpointSource, networkSource } from '../../vxlan/names.ts';
import { networkObjects } from '../../vxlan/network-objects.ts';
import { repairsOf } from '../drift/repairs.ts';
import { objectsOf } from './endpoint-wish.ts';
import type { EndpointProgress, NetworkInput, ObjectState, PassReport, Refused, Standing } from './pass.ts';
import { Roster, type Touched } from './roster.ts';

/** The network's own devices get this many passes before their failure is that of every endpoint. */
const patience = 3;

/** One network on this node: desired state by source, what we believe the kernel holds, and the way from one to the other. */
export class NetworkReconciler {
  readonly id: NetworkId;
  readonly #scope: NetworkScope;
  readonly #kernel: Kernel;
  readonly #desired = new DesiredState();
  readonly #tracker = new Tracker();
  readonly #progress = new Map<EndpointId, EndpointProgress>();
  #dirty = new Set<EndpointId>();
  readonly #roster = new Roster();
  /** Those that are wanted no more, with all that was wanted for them: the kernel may not have let go of it yet. */
  readonly #leaving = new Map<EndpointId, readonly LinuxObject[]>();
  #hasGateway = false;
  #spec: Network | undefined;
  #hadFailures = false;
  /** Passes in a row in which objects of the network as such were refused. */
  #networkFailures = 0;
  #allDirty = true;
  #compare = true;
  /** Single entries look different: these are to be looked at. */
  #looks = false;
  readonly #suspicions = new Suspicions();
  /** We know how we left the kernel after the last pass: what differs at the next compare is somebody else's doing. */
  #isSettled = false;
  #begun = 0;
  #ended = 0;
  #broken: WeftError | undefined;

  constructor(id: NetworkId, kernel: Kernel) {
    this.id = id;
    this.#scope = networkScope(id);
    this.#kernel = kernel;
  }

  /** One endpoint's record changed. Cost follows this change. */
  markEndpoint(id: EndpointId): void {
    this.#dirty.add(id);
  }

  /** The network's spec, the nodes, or we ourselves changed. */
  markAll(): void {
    this.#allDirty = true;
  }

  /** The kernel may differ from what we believe: read it again. */
  markCompare(): void {
    this.#compare = true;
  }

  /**
   * Somebody has changed something. Single entries of a tunnel are looked at; otherwise all is read again, and it is asked which
   * sandboxes live, since their end takes ports with it.
   */
  markDrift(what: 'suspects' | 'everything'): void {
    if (what === 'suspects' && this.#suspicions.entries() !== undefined) {
      this.#looks = true;
      return;
    }
    for (const id of this.#roster.local) this.#dirty.add(id);
    this.#compare = true;
  }

  hear(notice: Notice): void {
    this.#suspicions.hear(notice, this.#desired.objects);
  }

  get isSuspicious(): boolean {
    return !this.#suspicions.isEmpty;
  }

  get settings(): readonly Sysctl[] {
    return this.#desired.wishesOf(networkSource(this.id)).filter((o) => o.kind === 'sysctl');
  }

  suspects(): ReadonlySet<ObjectKey> {
    return this.#suspicions.keys();
  }

  get isBusy(): boolean {
    return this.#begun > this.#ended;
  }

  /** Those that live. */
  get sandboxes(): Iterable<SandboxScope> {
    return this.#roster.sandboxes;
  }

  progress(id: EndpointId): EndpointProgress | undefined {
    return this.#progress.get(id);
  }

  /** The spec that the last pass worked from. */
  get spec(): Network | undefined {
    return this.#spec;
  }

  /** What the kernel should hold, as of the last pass; to be read and not written. */
  get desired(): ObjectSet {
    return this.#desired.objects;
  }

  stateOf(o: LinuxObject): ObjectState {
    const failure = this.#tracker.failures.get(keyOf(o));
    if (failure !== undefined) {
      const decision = decisionOf(failure.step, failure.error);
      return decision === undefined ? { kind: 'pending' } : { kind: 'error', error: failure.error, decision };
    }
    const found = this.#tracker.believed.get(o);
    if (found !== undefined) return { kind: sameObject(found, o) ? 'done' : 'pending' };
    // An optional setting may be one that this kernel does not have.
    return { kind: o.kind === 'sysctl' && o.optional ? 'done' : 'pending' };
  }

  /** Reads the kernel, and changes nothing here. @throws what the kernel port throws. */
  look(): Promise<Observation> {
    return this.#kernel.observe(this.#scope, this.#sandboxes());
  }

  /** What a pass that read the kernel now would do. @throws what the kernel port throws. */
  async planNow(isConfirmed: boolean): Promise<Plan> {
    const { objects } = await this.look();
    const steps = plan(this.#desired.objects, objects);
    return isConfirmed ? steps : this.#sparing(steps, []);
  }

  /** Why the last pass came to no end, for instance because the kernel could not be read; undefined: it did. */
  get broken(): WeftError | undefined {
    return this.#broken;
  }

  /** What the kernel refused, without what was not tried because of that. */
  get refused(): readonly Refused[] {
    return [...this.#tracker.failures].flatMap(([key, { step, error }]) => {
      const decision = decisionOf(step, error);
      return decision === undefined ? [] : [{ key, error, decision }];
    });
  }

  /** How many objects are wanted and not there, as far as we know. */
  get pending(): number {
    let missing = 0;
    for (const o of this.#desired.objects) {
      // An optional setting may be one that this kernel does not have.
      if (o.kind === 'sysctl' && o.optional) continue;
      if (!this.#tracker.believed.has(o)) missing += 1;
    }
    return missing;
  }

  /** Nothing of the network is left in this node's kernel, as far as we know. */
  get isGone(): boolean {
    return !this.#compare && this.#tracker.believed.size === 0 && this.#desired.objects.size === 0;
  }

  /** How many passes have begun, and how many of them have ended, whatever came of them. */
  get passes(): { readonly begun: number; readonly ended: number } {
    return { begun: this.#begun, ended: this.#ended };
  }

  /** How the kernel took the last pass: as far as it concerns an endpoint, there or gone, or the whole network. */
  standing(id?: EndpointId): Standing {
    const progress = id === undefined || this.#leaving.has(id) ? undefined : this.#progress.get(id);
    const refused = [...this.#tracker.failures.values()].find(
      ({ step }) => id === undefined || step.op === 'delete',
    );
    const ofPass =
      progress?.kind === 'failed' ? progress.error : progress === undefined ? refused?.error : undefined;
    const error = this.#broken ?? ofPass;
    if (error !== undefined) return { kind: 'refused', error };
    const isPending = progress === undefined ? this.#compare : progress.kind === 'pending';
    return { kind: isPending ? 'pending' : 'programmed' };
  }

  /** @throws what the kernel port throws; then nothing is taken as done, and the next pass compares. */
  async pass(input: NetworkInput): Promise<PassReport> {
    this.#begun += 1;
    const touched = this.#derive(input);
    try {
      const report = await this.#carryOut(touched, input.isConfirmed);
      this.#broken = undefined;
      return report;
    } catch (error) {
      for (const { id } of touched) this.#dirty.add(id);
      this.#compare = true;
      this.#isSettled = false;
      this.#broken = asWeftError(error);
      throw error;
    } finally {
      this.#ended += 1;
    }
  }

  async #carryOut(touched: readonly Touched[], isConfirmed: boolean): Promise<PassReport> {
    const changed = this.#desired.takeChanged();
    const suspects = this.#looks ? this.#suspicions.entries() : [];
    const compared = this.#compare || this.#tracker.doubts.size > 0 || suspects === undefined;
    // Whoever asks for a compare from here on gets another one.
    this.#compare = false;
    this.#looks = false;
    const unexpected = compared ? await this.#observe() : await this.#look(suspects);
    const some = unexpected.size === 0 ? changed : new ObjectSet([...changed, ...unexpected]);
    const all = plan(this.#desired.objects, this.#tracker.believed, compared ? undefined : some);
    const steps = isConfirmed ? all : this.#sparing(all, changed);
    // Whatever was spared is looked at again when the store has spoken.
    if (steps.length < all.length) this.#compare = true;
    const results = steps.length === 0 ? [] : await this.#apply(steps);
    this.#tracker.applied(steps, results);
    if (this.#tracker.failures.size > 0) this.#compare = true;
    this.#isSettled = steps.length === all.length;
    this.#settle(touched);
    // Nobody can have asked for anything in a namespace that was made just now.
    const isNew = steps.some((s) => s.op === 'create' && s.object.kind === 'netns');
    if (!isNew) this.#announce(steps, results);
    return {
      plan: steps,
      failures: [...this.#tracker.failures].map(([key, { error }]) => ({ key, error })),
      refused: this.refused,
      compared,
      repairs: repairsOf(steps, results, unexpected, changed),
    };
  }

  /** Brings the desired state up to date and returns the endpoints that were looked at, as they were then. */
  #derive(input: NetworkInput): readonly Touched[] {
    const { network, self } = input;
    const ids = this.#dirty;
    this.#dirty = new Set();
    this.#spec = network;
    if (this.#allDirty) {
      for (const { value } of input.endpoints()) ids.add(value.id);
      for (const id of this.#progress.keys()) ids.add(id);
    }
    const touched = Array.from(ids, (id) => this.#roster.note(id, input));
    if (network === undefined || this.#roster.isEmpty) {
      for (const id of this.#progress.keys()) ids.add(id);
      for (const id of ids) this.#leave(id, this.#desired.wishesOf(networkSource(this.id)));
      this.#wantNothing();
      return Array.from(ids, (id): Touched => ({ id, recorded: undefined }));
    }
    const mtu = networkMtu(network, input.nodes, self.cluster.underlay);
    const givesRoutes = this.#roster.givesRoutes;
    if (this.#allDirty || givesRoutes !== this.#hasGateway) {
      const objects = networkObjects({ network, networkMtu: mtu, self, cluster: self.cluster, givesRoutes });
      this.#desired.set(networkSource(this.id), objects);
    }
    this.#hasGateway = givesRoutes;
    this.#allDirty = false;
    // Who goes gives way before others come, so that they need not compete.
    for (const { id, recorded } of touched) {
      if (recorded === undefined) this.#leave(id);
      else this.#leaving.delete(id);
      if (recorded === undefined || this.#roster.isDead(id)) this.#desired.remove(endpointSource(id));
    }
    for (const { id, recorded } of touched)
      if (recorded !== undefined && !this.#roster.isDead(id))
        this.#desired.set(endpointSource(id), objectsOf(recorded.value, network, mtu, input));
    return touched;
  }

  /** `others`: what goes with it. */
  #leave(id: EndpointId, others: readonly LinuxObject[] = []): void {
    const wishes = this.#desired.wishesOf(endpointSource(id));
    if (wishes.length > 0) this.#leaving.set(id, [...wishes, ...others]);
  }

  #wantNothing(): void {
    this.#desired.remove(networkSource(this.id));
    for (const id of this.#progress.keys()) this.#desired.remove(endpointSource(id));
    this.#allDirty = true;
  }

  /** Without the deletions that nobody has decided: only what was wanted in this life, or is made anew, goes. */
  #sparing(steps: Plan, changed: readonly LinuxObject[]): Plan {
    const decided = new ObjectSet(changed);
    return steps.filter(
      ({ op, object }) => op !== 'delete' || decided.has(object) || this.#desired.objects.has(object),
    );
  }

  /** Returns what differs from how we had left it. */
  async #observe(): Promise<ObjectSet> {
    const isSettled = this.#isSettled;
    this.#suspicions.clear();
    // Of what was refused nobody knows how it was left.
    const refused = new Set(this.#tracker.failures.keys());
    const surprising = this.#tracker.observed(this.#scope, await this.look(), this.#desired.objects);
    if (!isSettled) return nothingUnexpected;
    return new ObjectSet([...surprising].filter((o) => refused.size === 0 || !refused.has(keyOf(o))));
  }

  /** The same of single entries. */
  async #look(entries: readonly TableEntry[]): Promise<ObjectSet> {
    if (entries.length === 0) return nothingUnexpected;
    this.#suspicions.clear();
    const found = await this.#kernel.look(this.#scope, entries);
    return new ObjectSet(this.#tracker.looked(entries, found));
  }

  #sandboxes(): readonly SandboxScope[] {
    const sandboxes = new Set<SandboxScope>();
    for (const object of this.#desired.objects) {
      if (object.kind === 'veth') sandboxes.add(object.peer.scope);
    }
    return [...sandboxes];
  }

  async #apply(steps: Plan): Promise<readonly StepResult[]> {
    try {
      return await this.#kernel.apply(steps);
    } catch (error) {
      this.#tracker.doubt(steps);
      throw error;
    }
  }

  /** Writes down how far each endpoint has come. */
  #settle(touched: readonly Touched[]): void {
    const { failures } = this.#tracker;
    for (const { id, recorded } of touched) {
      if (recorded !== undefined) this.#progress.set(id, this.#answerFor(id, recorded.revision));
      else if (!this.#leaving.has(id)) this.#progress.delete(id);
    }
    for (const [id, wishes] of this.#leaving) {
      if (failures.size > 0 && wishes.some((o) => this.#isHeldBack(o))) continue;
      this.#leaving.delete(id);
      this.#progress.delete(id);
    }
    if (failures.size === 0 && !this.#hadFailures) return;
    this.#hadFailures = failures.size > 0;
    const refused = new KeyedMap<WeftError>();
    for (const { step, error } of failures.values()) refused.set(step.object, error);
    const failureOf = (source: string): WeftError | undefined => {
      const failed = this.#desired.wishesOf(source).find((o) => refused.has(o));
      return failed === undefined ? undefined : refused.get(failed);
    };
    const ofNetwork = failureOf(networkSource(this.id));
    this.#networkFailures = ofNetwork === undefined ? 0 : this.#networkFailures + 1;
    const mayPass = this.refused.some(({ decision }) => decision === 'retry');
    for (const [id, { revision }] of this.#progress) {
      if (this.#leaving.has(id)) continue;
      const own = failureOf(endpointSource(id));
      if (own !== undefined) this.#progress.set(id, { kind: 'failed', revision, error: own });
      else if (ofNetwork === undefined) this.#progress.set(id, this.#answerFor(id, revision));
      // The kernel may need a moment, for instance to let go of a VNI.
      else if (this.#networkFailures < patience && mayPass)
        this.#progress.set(id, { kind: 'pending', revision });
      else this.#progress.set(id, { kind: 'failed', revision, error: ofNetwork });
    }
  }

  /** Was its deletion refused, for a reason that may pass? */
  #isHeldBack(o: LinuxObject): boolean {
    const failure = this.#tracker.failures.get(keyOf(o));
    if (failure?.step.op !== 'delete') return false;
    const decision = decisionOf(failure.step, failure.error);
    return decision === undefined || decision === 'retry';
  }

  #answerFor(id: EndpointId, revision: Revision): EndpointProgress {
    const why = this.#roster.whyHomeless(id);
    if (why !== undefined) return { kind: 'pending', revision, why };
    const sandbox = this.#roster.lostSandbox(id);
    if (sandbox === undefined) return { kind: 'programmed', revision };
    const error = new WeftError('SANDBOX_INVALID', `the network namespace ${sandbox} is gone`, {
      details: { endpoint: id, sandbox },
    });
    return { kind: 'failed', revision, error };
  }

  #announce(steps: Plan, results: readonly StepResult[]): void {
    const written = steps.filter((s, i) => s.op !== 'delete' && results[i]?.ok === true).map((s) => s.object);
    const told = announcements(written, this.#desired.objects).get(this.#scope) ?? [];
    // Best effort, and nobody waits for it: whoever misses it asks again.
    if (told.length > 0) void this.#kernel.announce(this.#scope, bridgeName, told).catch(() => undefined);
  }
}

const nothingUnexpected = new ObjectSet();
