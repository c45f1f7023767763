/**
 * What travels between this page and the admin listener, spelled as it is sent. Times are epoch
 * milliseconds, durations `*_ms` may be fractional, absent is null or missing. The page trusts
 * these shapes from its own mirror; a bundle, which can come from anywhere, goes through
 * `model/bundle.ts` first.
 */

export type Scalar = string | number | boolean;

/** A condition as the Mirror API spells it. */
export interface WireCondition {
  _type?: string;
  key: string;
  value: { _type?: string; value: Scalar | Scalar[] };
}

/** A body of the Mirror API, as far as this page reads and writes it. */
export interface MirrorRequest {
  _type: string;
  connectionDetails?: unknown;
  requestTimeout?: number | null;
  query?: {
    _type?: string;
    conditions?: WireCondition[] | null;
    aggregation?: { _type?: string; method: string; bucketSizeMillis: number } | null;
    metricField?: string | null;
    startTime?: number | null;
    endTime?: number | null;
    limit?: number | null;
    offset?: number | null;
    field?: { _type?: string; fieldName: string } | null;
    fieldValuePrefix?: string | null;
  };
}

/** A body of the Mirror API's answer. */
export interface MirrorAnswer {
  _type: string;
  telemetry?: {
    _type: string;
    isPartial: boolean;
    dataFormat: string[];
    points: number[][];
  };
  isPartial?: boolean;
  fields?: { fieldName: string; fieldType: string; classified?: boolean }[];
  values?: { _type?: string; value: string }[];
  details?: string;
  summary?: string;
  metric?: string;
  mirrorType?: string;
}

export interface Fragment {
  start: number;
  end: number;
  origin: string;
}

export interface RequestStage {
  type: string;
  method: string;
  profile: string;
  connection: { alias?: string | null; host?: string | null; form?: string | null } | null;
  start: number | null;
  end: number | null;
  limit?: number | null;
  aggregation?: { method: string; bucket_ms: number } | null;
  field?: string | null;
  prefix?: string | null;
  offset?: number | null;
  defaults?: { key: string; value: string }[];
  ignored?: string[];
  warnings?: string[];
}

export interface ConditionStage {
  index: number;
  key: string;
  type: string;
  value: Scalar | Scalar[] | null;
  became: 'metric' | 'matcher' | 'appended' | 'left_out' | 'refused';
  text?: string | null;
  error?: string | null;
}

export interface PromqlStage {
  query: number;
  purpose: string;
  text: string;
  fragments?: Fragment[];
}

export interface PlanStage {
  kind?: string | null;
  strategy?: string | null;
  dialect?: string | null;
  buckets?: number | null;
  bucket_ms?: number | null;
  first?: number | null;
  last?: number | null;
  step_ms?: number | null;
  instants?: number | null;
  chunks?: number | null;
  rate_window_ms?: number | null;
  rate_window_why?: string | null;
  scrape_interval_ms?: number | null;
  scrape_interval_from?: string | null;
  deadline_ms?: number | null;
  /** What a dry run took for granted: dialect, histogram, scrape_interval. */
  assumed?: string[];
}

export interface CallStage {
  call: number;
  query?: number | null;
  verb: string;
  url: string;
  parameters: [string, string][];
  headers?: [string, string][];
  authentication?: {
    kind: string;
    region?: string | null;
    service?: string | null;
    identity?: string | null;
  } | null;
  status?: number | null;
  ms?: number | null;
  bytes?: number | null;
  series?: number | null;
  samples?: number | null;
  warnings?: string[];
  repeats?: number;
  source?: string | null;
  error?: string | null;
}

export interface ReductionStage {
  series_in?: number | null;
  series_out?: number | null;
  samples?: number | null;
  nan?: number | null;
  nan_became?: string | null;
  /** Starts of the buckets, or times of the samples, that held NaN; at most the first 1,000. */
  nan_at?: number[] | null;
  infinite?: number | null;
  infinite_became?: string | null;
  zero_filled?: number | null;
  combined?: number | null;
  cut_by_limit?: boolean | null;
}

export interface ResponseStage {
  status: number;
  type: string;
  telemetry?: string | null;
  points?: number | null;
  first_point?: number | null;
  last_point?: number | null;
  is_partial?: boolean | null;
  partial_because?: string | null;
  error?: string | null;
  notices?: string[];
}

export interface Ambiguity {
  series: number;
  labels: string[];
  constant?: Record<string, string>;
  tuples: string[][];
  counts?: { label: string; value: string; series: number }[];
  suggestions?: { conditions: { key: string; value: Scalar | Scalar[] }[] }[];
  combine?: string | null;
  separable?: boolean;
}

export interface Failure {
  id?: string | null;
  type?: string | null;
  summary?: string | null;
  details?: string | null;
}

export interface Notice {
  id: string;
  text: string;
}

/** `POST /debug/explain`: what the mirror did for one request. */
export interface MirrorRecord {
  version: number;
  stages: {
    request?: RequestStage | null;
    conditions?: ConditionStage[] | null;
    promql?: PromqlStage[] | null;
    plan?: PlanStage | null;
    calls?: CallStage[] | null;
    reduction?: ReductionStage | null;
    response?: ResponseStage | null;
  };
  outcome: { result: string; error?: Failure | null; ambiguity?: Ambiguity | null };
  notices?: Notice[];
  answer?: MirrorAnswer | null;
}

export interface Finding {
  id: string;
  certainty: 'certain' | 'likely' | 'possible';
  probe: string;
  text: string;
  fix?: string | null;
  nearest?: { value: string; kind?: string | null; series?: number | null }[];
  try?: WireCondition[] | null;
}

export interface Probe {
  probe: string;
  ok: boolean;
  text: string;
  query?: string | null;
  ms?: number | null;
  error?: string | null;
}

/** `POST /debug/diagnose`. */
export interface Diagnosis {
  findings: Finding[];
  probes: Probe[];
  ambiguity?: Ambiguity | null;
  calls: number;
  calls_allowed: number;
  ms: number;
  not_empty?: boolean;
}

/** `POST /debug/connection`. */
export interface ConnectionTest {
  ok: boolean;
  steps: { step: string; ok: boolean; ms?: number | null; text?: string | null; warning?: string | null }[];
  error?: { id?: string | null; details?: string | null } | null;
  warnings?: string[];
  caller_identity?: string | null;
}

export interface Completions {
  items: { value: string; type?: string | null; help?: string | null; series?: number | null }[];
  total: number;
  is_partial?: boolean;
}

export interface TapEntry {
  id: string;
  at: number;
  method: string;
  outcome: string;
  code?: string | null;
  alias?: string | null;
  host?: string | null;
  queries?: string[];
  notices?: string[];
  series?: number | null;
  points?: number | null;
  ms?: number | null;
  cache?: string | null;
  connection_had_secrets?: boolean;
  request?: MirrorRequest | null;
}

export interface TapPage {
  entries: TapEntry[];
  dropped: number;
  capacity: number;
  last?: string | null;
}

export interface ConnectionStatus {
  name: string;
  host?: string | null;
  breaker?: string | null;
  in_use?: number | null;
  limit?: number | null;
  last_error?: string | null;
  clock_skew_ms?: number | null;
  credential_expires_at?: number | null;
  certificate_expires_at?: number | null;
}

/** `GET /debug/status`. */
export interface Status {
  build: { version: string; revision?: string | null; /** Where the documentation of this build is. */ docs?: string | null };
  started_at?: number | null;
  uptime_ms?: number | null;
  ready: boolean;
  not_ready_because?: string | null;
  walls?: { callers?: boolean; upstreams?: boolean };
  reload?: { ok: boolean; at?: number | null; problems?: string[] } | null;
  limits?: { scope: string; in_use: number; limit: number }[];
  caches?: Record<string, unknown>;
  connections?: ConnectionStatus[];
  insecure?: string[];
}
