import type { Colors } from 'picocolors/types.js';
import { colorsFor } from './colors.ts';

/** What a command tells of its work, as far as it is shown. */
export interface ProgressEvent {
  readonly state: 'start' | 'done' | 'failed';
  readonly step: string;
  readonly host?: string;
  /** Milliseconds. */
  readonly took?: number;
  readonly outcome?: string;
}

/** Where progress goes: standard error, so that standard output stays for results. */
export interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const wheel = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** One line for each finished step; on a terminal also a wheel with what is under way. */
export class ProgressLines implements Disposable {
  readonly #screen: Screen;
  readonly #colors: Colors;
  readonly #open = new Map<string, string>();
  #turn = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(screen: Screen) {
    this.#screen = screen;
    this.#colors = colorsFor(screen, process.env);
  }

  readonly report = (event: ProgressEvent): void => {
    const name = `${event.host === undefined ? '' : `${event.host} `}${event.step}`;
    if (event.state === 'start') {
      this.show(name, name);
      return;
    }
    this.#open.delete(name);
    const mark = event.state === 'done' ? this.#colors.green('ok') : this.#colors.red('!!');
    const took = event.took === undefined ? '' : this.#colors.dim(` ${(event.took / 1000).toFixed(2)} s`);
    const outcome = event.outcome === undefined ? '' : `: ${event.outcome}`;
    this.#clear();
    this.#screen.write(`${mark} ${(event.host ?? '').padEnd(3)} ${event.step}${outcome}${took}\n`);
    this.#draw();
  };

  /** Puts something under way on the terminal, or changes its text; `undefined` takes it away. */
  show(name: string, text: string | undefined): void {
    if (text === undefined) this.#open.delete(name);
    else this.#open.set(name, text);
    if (this.#screen.isTTY !== true) return;
    this.#timer ??= setInterval(() => {
      this.#turn += 1;
      this.#draw();
    }, 100).unref();
    this.#draw();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#open.clear();
    this.#clear();
  }

  #clear(): void {
    if (this.#screen.isTTY === true) this.#screen.write('\r\x1b[K');
  }

  #draw(): void {
    if (this.#screen.isTTY !== true) return;
    this.#clear();
    const text = [...this.#open.values()].join(', ');
    if (text !== '') this.#screen.write(`${wheel[this.#turn % wheel.length] ?? ''} ${text.slice(0, 70)}`);
  }
}
