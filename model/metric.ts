/** What one family of figures is; its name has its unit: seconds, bytes, or `_total` for what only grows. */
export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** For people, one line. */
  readonly help: string;
  /** Name of each label, and what its values are: few, and known beforehand. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Upper bounds of the buckets of every histogram, in seconds; the last one has none. */
export const bucketBounds = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const;

/** The one table of metrics: the registry, the answer of `GET /metrics` and the page about it are read from it. */
export const metrics = {
  weft_build_info: {
    type: 'gauge',
    help: 'Always 1; the version of weftd is its label.',
    labels: { version: 'of weftd' },
  },
  weft_ready: {
    type: 'gauge',
    help: '1 while this node can attach endpoints, as /readyz has it.',
    labels: {},
  },
  weft_store_state: {
    type: 'gauge',
    help: '1 for the state that the view of the store is in, 0 for the others.',
    labels: { state: '`syncing`, `insync`, `stale`' },
  },
  weft_store_standing: {
    type: 'gauge',
    help: '1 for what the store is to this node, 0 for the others.',
    labels: { standing: '`ours`, `lost` (it has lost something), `foreign` (it belongs to another cluster)' },
  },
  weft_store_reconnects_total: {
    type: 'counter',
    help: 'How often the store came back after it was out of reach.',
    labels: {},
  },
  weft_store_request_duration_seconds: {
    type: 'histogram',
    help: 'Time that one request to the store took, failed ones included.',
    labels: { request: '`get`, `list`, `txn`, `lease`, `identity`' },
  },
  weft_store_request_failures_total: {
    type: 'counter',
    help: 'Requests to the store that failed.',
    labels: { request: 'as above', code: 'of docs/errors.md' },
  },
  weft_store_held_keys: {
    type: 'gauge',
    help: 'Keys that the store has lost and this node keeps.',
    labels: {},
  },
  weft_store_bad_records: {
    type: 'gauge',
    help: 'Records of the store that cannot be read, and are set aside.',
    labels: {},
  },
  weft_view_revision: {
    type: 'gauge',
    help: 'The latest revision of the store that this node has seen.',
    labels: {},
  },
  weft_networks: {
    type: 'gauge',
    help: 'Networks of the cluster, refused declarations included.',
    labels: { state: '`active`, `removing`, `refused`' },
  },
  weft_networks_joined: {
    type: 'gauge',
    help: 'Networks whose endpoints this node follows, by how well it knows them.',
    labels: { state: '`syncing`, `insync`, `stale`' },
  },
  weft_endpoints: {
    type: 'gauge',
    help: 'Endpoints of those networks.',
    labels: {
      location: '`local`, `remote`',
      state: '`programmed`, `pending`, `failed` (by this kernel), `conflict` (somebody else has its address)',
    },
  },
  weft_nodes: {
    type: 'gauge',
    help: 'Nodes of the cluster.',
    labels: { state: '`alive`, `draining`, `down`, `unmanaged`, `collecting`' },
  },
  weft_kernel_objects: {
    type: 'gauge',
    help: 'Kernel objects that this node wants; `refused`: those of them, or left-overs, that the kernel has refused.',
    labels: { state: '`desired`, `refused`' },
  },
  weft_kernel_steps_total: {
    type: 'counter',
    help: 'Changes of the kernel that were carried out or refused.',
    labels: { op: '`create`, `change`, `delete`', kind: 'of the object, such as `vxlan`, `fdb`' },
  },
  weft_kernel_refusals_total: {
    type: 'counter',
    help: 'Changes that the kernel refused, and those that were not tried because of one.',
    labels: {
      errno: 'such as `EEXIST`; `needed`: an earlier step was refused; else a code of docs/errors.md',
    },
  },
  weft_reconcile_passes_total: {
    type: 'counter',
    help: 'How often one network was compared with, or carried over into, the kernel.',
    labels: { outcome: '`unchanged`, `changed`, `refused` (in part), `failed`' },
  },
  weft_reconcile_pass_duration_seconds: {
    type: 'histogram',
    help: 'Time of such a pass.',
    labels: {},
  },
  weft_repairs_total: {
    type: 'counter',
    help: 'Kernel objects that somebody else had removed or changed, and that were put right.',
    labels: { kind: 'of the object, such as `vxlan`, `fdb`' },
  },
  weft_operations_total: {
    type: 'counter',
    help: 'Requests to the local API that were answered.',
    labels: {
      operation: 'of the API, such as `attach`; `unknown`: there is no such thing',
      outcome: '`ok`, or a code of docs/errors.md',
    },
  },
  weft_operation_duration_seconds: {
    type: 'histogram',
    help: 'Time from the request to the answer, of operations that change something.',
    labels: { operation: 'of the API, such as `attach`' },
  },
  weft_waits_total: {
    type: 'counter',
    help: 'Operations with --wait that had somebody to wait for.',
    labels: { outcome: '`complete`: all have programmed it; `incomplete`' },
  },
  weft_wait_duration_seconds: {
    type: 'histogram',
    help: 'Time from the commit in the store to the last answer that it is programmed, of complete waits.',
    labels: {},
  },
  weft_collector_actions_total: {
    type: 'counter',
    help: 'What this node did about nodes that are down.',
    labels: {
      action:
        '`collected`, `forgotten` (as somebody asked), `kept` (its grace is over, but something speaks for it), `lost` (it came back, or somebody else collects it)',
    },
  },
  weft_collector_endpoints_total: {
    type: 'counter',
    help: 'Endpoints of nodes that are gone, given up by this node.',
    labels: {},
  },
  weft_events_total: {
    type: 'counter',
    help: 'Events as `weft events` shows them.',
    labels: { kind: 'of the event, such as `endpoint-attached`' },
  },
  weft_event_loop_busy_seconds_total: {
    type: 'counter',
    help: 'Time for which the event loop of weftd had work.',
    labels: {},
  },
  weft_event_loop_lag_seconds: {
    type: 'gauge',
    help: 'How long one turn of the event loop took when this was asked.',
    labels: {},
  },
  weft_heap_bytes: {
    type: 'gauge',
    help: "Used part of weftd's JavaScript heap.",
    labels: {},
  },
  process_cpu_seconds_total: {
    type: 'counter',
    help: 'User and system time of weftd.',
    labels: {},
  },
  process_resident_memory_bytes: {
    type: 'gauge',
    help: 'Resident memory of weftd.',
    labels: {},
  },
  process_start_time_seconds: {
    type: 'gauge',
    help: 'When weftd started, in seconds since 1970.',
    labels: {},
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof metrics;
type NameOf<T extends MetricDefinition['type']> = {
  [N in MetricName]: (typeof metrics)[N]['type'] extends T ? N : never;
}[MetricName];
export type CounterName = NameOf<'counter'>;
export type HistogramName = NameOf<'histogram'>;
/** A value for each label of a metric. */
export type LabelsOf<N extends MetricName> = Readonly<Record<keyof (typeof metrics)[N]['labels'], string>>;

/** Where it is counted what happens. */
export interface Metrics {
  count<N extends CounterName>(name: N, labels: LabelsOf<N>, by?: number): void;
  observe<N extends HistogramName>(name: N, labels: LabelsOf<N>, seconds: number): void;
}

export const noMetrics: Metrics = { count: () => undefined, observe: () => undefined };
