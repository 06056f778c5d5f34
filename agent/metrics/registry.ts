import {
  bucketBounds,
  metrics,
  type CounterName,
  type HistogramName,
  type LabelsOf,
  type Metrics,
} from '../../model/metric.ts';
import { labelText, type Family, type Sample } from './exposition.ts';

interface Histogram {
  /** Values in each bucket alone; the last one is above every bound. */
  readonly counts: number[];
  sum: number;
}

/** What has happened so far, in memory. Nothing runs by itself. */
export class Registry implements Metrics {
  readonly #counters = new Map<CounterName, Map<string, number>>();
  readonly #histograms = new Map<HistogramName, Map<string, Histogram>>();

  /** What has no labels is there from the beginning: a rate needs the nought that it came from. */
  constructor() {
    for (const [name, { type, labels }] of Object.entries(metrics)) {
      if (Object.keys(labels).length > 0) continue;
      if (type === 'histogram') this.#histogram(name as HistogramName, '');
    }
  }

  count<N extends CounterName>(name: N, labels: LabelsOf<N>, by = 1): void {
    const family = this.#counters.get(name) ?? new Map<string, number>();
    this.#counters.set(name, family);
    const text = labelText(name, labels);
    family.set(text, (family.get(text) ?? 0) + by);
  }

  observe<N extends HistogramName>(name: N, labels: LabelsOf<N>, seconds: number): void {
    const histogram = this.#histogram(name, labelText(name, labels));
    const found = bucketBounds.findIndex((bound) => seconds <= bound);
    const bucket = found === -1 ? bucketBounds.length : found;
    histogram.counts[bucket] = (histogram.counts[bucket] ?? 0) + 1;
    histogram.sum += seconds;
  }

  /** Everything, in no order. */
  families(): readonly Family[] {
    const counters = Array.from(this.#counters, ([name, values]): Family => {
      return { name, samples: Array.from(values, ([labels, value]) => ({ labels, value })) };
    });
    const histograms = Array.from(this.#histograms, ([name, values]): Family => {
      return { name, samples: Array.from(values, ([labels, value]) => samplesOf(labels, value)).flat() };
    });
    return [...counters, ...histograms];
  }

  #histogram(name: HistogramName, labels: string): Histogram {
    const family = this.#histograms.get(name) ?? new Map<string, Histogram>();
    this.#histograms.set(name, family);
    const known = family.get(labels) ?? { counts: Array<number>(bucketBounds.length + 1).fill(0), sum: 0 };
    family.set(labels, known);
    return known;
  }
}

function samplesOf(labels: string, { counts, sum }: Histogram): readonly Sample[] {
  let total = 0;
  const buckets = counts.map((count, i): Sample => {
    total += count;
    const le = `le="${bucketBounds[i] ?? '+Inf'}"`;
    return { suffix: '_bucket', labels: labels === '' ? le : `${labels},${le}`, value: total };
  });
  return [...buckets, { suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: total }];
}
