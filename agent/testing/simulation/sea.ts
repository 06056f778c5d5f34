import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeStore } from '../../../kvstore/fake-store.ts';
import type { Backup } from '../../../kvstore/fake-data.ts';
import type { Signs } from '../../../linux/kernel.ts';
import { sleep } from '../../../model/clock.ts';
import { asWeftError } from '../../../model/errors.ts';
import type { Ip } from '../../../model/ip.ts';
import { FakeClock } from '../../../model/testing/fake-clock.ts';
import { Auditor } from './auditor.ts';
import { Chance } from './chance.ts';
import { readContent, type Content } from './expected.ts';
import { Ledger } from './ledger.ts';
import { Machine } from './machine.ts';
import { brokenTruths } from './store-truths.ts';

/** Milliseconds between two looks at what must always hold. */
const slice = 1000;
/** Errors that a caller may get while the world is as it is here; any other one is a bug. */
const bugs = ['INVARIANT', 'RECORD_INVALID'];

/** All that a schedule acts upon: machines, their store, time, and what was found to be wrong. */
export class Sea {
  readonly clock = new FakeClock();
  readonly store = new FakeStore({ clock: this.clock });
  /** Decides what happens, and when. */
  readonly chance: Chance;
  readonly machines: readonly Machine[];
  readonly ledger = new Ledger();
  readonly auditor = new Auditor(this);
  readonly story: string[] = [];
  readonly failures: string[] = [];
  readonly backups: Backup[] = [];
  /** Machines that were asked to let go of everything: nothing is promised of them. */
  readonly drained = new Set<string>();
  /** Has the store lost anything? */
  isHarmed = false;
  #acts = 0;
  #content: { readonly mark: string; readonly content: Content } | undefined;
  #looked: Content | undefined;
  readonly #directory: string;

  constructor(seed: number, size: number, withLog: boolean, weather = new Chance(seed ^ 0x5eed)) {
    this.chance = new Chance(seed);
    this.#directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'weft-simulation-'));
    const ports = {
      clock: this.clock,
      weather,
      store: this.store,
      directory: this.#directory,
      probe: (ip: Ip) => this.#probe(ip),
      auditStore: this.auditor.ofStore,
      auditKernel: this.auditor.ofKernel,
      log: (machine: Machine, text: string) => {
        if (withLog) this.tell(`${machine.name} says: ${text}`);
      },
      complain: (machine: Machine, text: string) => {
        ports.log(machine, text);
        if (/INVARIANT|TypeError|corrupt|set aside/.test(text)) this.fail(`${machine.name} says: ${text}`);
      },
      ended: (machine: Machine) => {
        this.clock.after(3000, () => {
          if (machine.isOn && machine.running === undefined) machine.start();
        });
      },
      tell: (text: string) => {
        this.tell(text);
      },
    };
    this.machines = Array.from({ length: size }, (_, index) => new Machine(index + 1, ports));
  }

  get ready(): readonly Machine[] {
    return this.machines.filter((m) => m.isReady);
  }

  get up(): readonly Machine[] {
    return this.machines.filter((m) => m.isUp);
  }

  content(): Content {
    const mark = this.store.version;
    if (this.#content?.mark !== mark)
      this.#content = { mark, content: readContent(this.store.peek('').entries) };
    return this.#content.content;
  }

  nameOf(id: string): string {
    return this.machines.find((m) => [...m.ids].some((known) => known === id))?.name ?? id;
  }

  /** One numbered step of the story. */
  act(text: string): void {
    this.#acts += 1;
    this.story.push(`${String(this.#acts).padStart(3)}. ${this.#time()} ${text}`);
  }

  /** What came of something. */
  tell(text: string): void {
    this.story.push(`     ${this.#time()}   ${text}`);
  }

  fail(text: string): void {
    if (this.failures.length === 0) this.tell(`WRONG: ${text}`);
    this.failures.push(text);
  }

  /** Begins something whose outcome is told when it is there. */
  perform<T>(words: string, task: () => Promise<T>, done: (outcome: T) => string, failed?: () => void): void {
    this.act(words);
    const number = this.#acts;
    task().then(
      (outcome) => {
        this.tell(`(${number}) ${done(outcome)}`);
      },
      (error: unknown) => {
        const { code, message } = asWeftError(error);
        this.tell(`(${number}) ${code}: ${message}`);
        failed?.();
        if (bugs.includes(code)) this.fail(`${words} ends with ${code}: ${message}`);
      },
    );
  }

  /** Lets time pass, with a look at every second of it. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0 && this.failures.length === 0; left -= slice) {
      await this.clock.advance(Math.min(left, slice));
      this.look();
    }
  }

  noteTunnels(): void {
    const now = this.clock.monotonic();
    for (const machine of this.machines) {
      if (this.#signsOf(machine) === signs.up) machine.upSince ??= now;
      else machine.upSince = undefined;
    }
  }

  look(): void {
    this.noteTunnels();
    this.auditor.look();
    // What was looked at once stays as good or bad as it was.
    const content = this.content();
    if (content === this.#looked) return;
    this.#looked = content;
    for (const wrong of brokenTruths(content, this.isHarmed)) this.fail(wrong);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const machine of this.machines) machine.crash();
    await this.clock.advance(0);
    for (const machine of this.machines) machine.dispose();
    await this.store.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #time(): string {
    return `[${(this.clock.monotonic() / 1000).toFixed(3).padStart(8)} s]`;
  }

  async #probe(ip: Ip): Promise<Signs> {
    const found = this.machines.find((m) => m.kernel.under.addresses.includes(ip));
    const answer = found === undefined ? signs.off : this.#signsOf(found);
    await sleep(this.clock, answer.echo ? 5 : 1000);
    return answer;
  }

  #signsOf(machine: Machine): Signs {
    if (!machine.isOn) return signs.off;
    return machine.running !== undefined || machine.hasTunnels ? signs.up : signs.bare;
  }
}

const signs = {
  up: { echo: true, refused: false },
  bare: { echo: true, refused: true },
  off: { echo: false, refused: false },
} as const;
