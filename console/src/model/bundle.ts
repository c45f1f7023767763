/** One file that shows another person what happened. It is redacted: the record is, from the start. */
import type { Diagnosis, MirrorRecord, Status } from '../contract';
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

export type Opened = { ok: true; bundle: Bundle } | { ok: false; why: string };

/** Reads a bundle, or a bare record as the command line prints it. A file can hold anything. */
export function openBundle(text: string): Opened {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return { ok: false, why: 'The file is not JSON.' };
  }
  if (!isObject(read)) return { ok: false, why: 'The file holds no bundle.' };
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
  const build = isObject(read.build) && typeof read.build.version === 'string' ? (read.build as unknown as Status['build']) : null;
  return { ok: true, bundle: { bundle: 1, build, record: record as unknown as MirrorRecord, diagnosis } };
}
