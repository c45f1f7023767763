/** Moments and durations as people type and read them. The clock is always an argument. */

const units: Record<string, number> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86400e3, w: 604800e3 };

/** `1m30s`, `500ms`, `7d` in milliseconds; null if it is none. */
export function parseDuration(text: string): number | null {
  const trimmed = text.trim();
  if (!/^(\d+(ms|s|m|h|d|w))+$/.test(trimmed)) return null;
  let sum = 0;
  for (const [, number, unit] of trimmed.matchAll(/(\d+)(ms|s|m|h|d|w)/g)) {
    sum += Number(number) * units[unit!]!;
  }
  return Number.isSafeInteger(sum) ? sum : null;
}

/** The same, back: the largest units first, nothing that is zero. */
export function durationText(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '–';
  if (ms === 0) return '0s';
  let rest = Math.round(ms);
  let text = '';
  for (const [unit, size] of [['d', 86400e3], ['h', 3600e3], ['m', 60e3], ['s', 1e3], ['ms', 1]] as const) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text || '0s';
}

export type Moment = { ok: true; at: number } | { ok: false; why: string };

/** RFC 3339, epoch milliseconds, or `now-1h`: what the command line takes as well. */
export function parseMoment(text: string, now: number): Moment {
  const trimmed = text.trim();
  const relative = /^now(?:\s*([-+])\s*(\S+))?$/.exec(trimmed);
  if (relative) {
    if (!relative[1]) return { ok: true, at: now };
    const shift = parseDuration(relative[2] ?? '');
    if (shift === null) return { ok: false, why: 'a duration such as 90m or 7d must follow' };
    return { ok: true, at: relative[1] === '-' ? now - shift : now + shift };
  }
  if (/^\d+$/.test(trimmed)) {
    const at = Number(trimmed);
    if (at > 0 && at < 1e11) return { ok: false, why: 'this looks like seconds; milliseconds are meant' };
    if (!Number.isSafeInteger(at)) return { ok: false, why: 'too large' };
    return { ok: true, at };
  }
  const spelled = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[-+]\d{2}:\d{2})$/.test(trimmed);
  const at = spelled ? Date.parse(trimmed.replace(' ', 'T')) : NaN;
  if (Number.isNaN(at)) return { ok: false, why: 'now-1h, 2024-05-01T10:00:00Z or epoch milliseconds' };
  return { ok: true, at };
}

/** UTC to the millisecond where there are any. */
export function momentText(at: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return String(at);
  return date.toISOString().replace('.000Z', 'Z');
}

/** UTC to the second without date and `T`, for places where the day is plain. */
export function clockText(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString().slice(11, 19);
}

/** `3 s ago`, `2 h ago`. */
export function agoText(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}
