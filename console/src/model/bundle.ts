/** One file that shows another person what happened. It is redacted: the record is, from the start. */
import type { Diagnosis, MirrorRecord, Status, TapEntry } from '../contract';
import { isObject } from './details';

export interface Bundle {
  bundle: 1;
  build: Status['build'] | null;
  record: MirrorRecord;
  diagnosis: Diagnosis | null;
}

/** Points are data of the backend and go along only where that was asked for. */
export function makeBundle(record: MirrorRecord, diagnosis: Diagnosis | null, build: Status['build'] | null, points: boolean): Bundle {
  const { answer, ...rest } = record;
  return { bundle: 1, build, record: points && answer ? { ...rest, answer } : rest, diagnosis };
}

/** What `prometheus-mirror support-bundle` writes: the mirror, and the last requests that it had. */
export interface Support {
  build: Status['build'] | null;
  settings: string | null;
  status: Status | null;
  requests: TapEntry[];
}

export type Opened = { ok: true; bundle: Bundle } | { ok: true; support: Support } | { ok: false; why: string };

/** Reads a bundle, or a bare record as the command line prints it. A file can hold anything. */
export function openBundle(text: string): Opened {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return { ok: false, why: 'The file is not JSON.' };
  }
  if (!isObject(read)) return { ok: false, why: 'The file holds no bundle.' };
  const build = isObject(read.build) && typeof read.build.version === 'string' ? (read.build as unknown as Status['build']) : null;
  if (typeof read.bundle === 'number' && read.bundle !== 1) return { ok: false, why: `Bundles of version ${read.bundle} are not known here.` };
  if (!isObject(read.record) && (typeof read.settings === 'string' || Array.isArray(read.requests))) return support(read, build);
  const record = isObject(read.record) ? read.record : read;
  if (!isObject(record.stages) || !isObject(record.outcome)) return { ok: false, why: 'The file holds no record of a request.' };
  if (record.version !== 1) return { ok: false, why: `Records of version ${String(record.version)} are not known here.` };
  const stages = record.stages;
  const lists = ['conditions', 'promql', 'calls'].filter((name) => stages[name] != null && !Array.isArray(stages[name]));
  const objects = ['request', 'plan', 'reduction', 'response'].filter((name) => stages[name] != null && !isObject(stages[name]));
  if (lists.length + objects.length > 0) return { ok: false, why: `The stage ${[...lists, ...objects][0]} cannot be read.` };
  const diagnosis = isObject(read.diagnosis) && Array.isArray(read.diagnosis.findings) && Array.isArray(read.diagnosis.probes)
    ? (read.diagnosis as unknown as Diagnosis)
    : null;
  return { ok: true, bundle: { bundle: 1, build, record: record as unknown as MirrorRecord, diagnosis } };
}

function support(read: Record<string, unknown>, build: Status['build'] | null): Opened {
  const requests = Array.isArray(read.requests) ? read.requests : [];
  const strange = requests.findIndex((one) => !isObject(one) || typeof one.id !== 'string' || typeof one.at !== 'number' || typeof one.method !== 'string');
  if (strange >= 0) return { ok: false, why: `Request ${strange + 1} of the bundle cannot be read.` };
  return {
    ok: true,
    support: {
      build,
      settings: typeof read.settings === 'string' ? read.settings : null,
      status: isObject(read.status) && isObject(read.status.build) ? (read.status as unknown as Status) : null,
      requests: requests as TapEntry[],
    },
  };
}
