/**
 * JSON with places: each value knows where it stands, so that a check can underline it. Duplicate
 * keys are an error, as they are to the mirror. Small on purpose: the platform's parser tells
 * neither places nor duplicates.
 */

export interface Node {
  kind: 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';
  from: number;
  to: number;
  value: unknown;
  members: { key: string; from: number; to: number; node: Node }[];
  items: Node[];
}

export interface Broken {
  from: number;
  to: number;
  message: string;
}

export type Parsed = { ok: true; node: Node } | ({ ok: false } & Broken);

export function parse(text: string): Parsed {
  const reader = new Reader(text);
  try {
    const node = reader.document();
    return { ok: true, node };
  } catch (error) {
    if (error instanceof Stop) return { ok: false, from: error.from, to: error.to, message: error.message };
    throw error;
  }
}

class Stop extends Error {
  constructor(readonly from: number, readonly to: number, message: string) {
    super(message);
  }
}

class Reader {
  private at = 0;
  private depth = 0;
  constructor(private readonly text: string) {}

  document(): Node {
    const node = this.value();
    this.blanks();
    if (this.at < this.text.length) throw this.stop('Nothing may follow the object.');
    return node;
  }

  private stop(message: string, from = this.at): Stop {
    return new Stop(Math.min(from, this.text.length), Math.min(from + 1, this.text.length), message);
  }

  private blanks() {
    while (' \t\r\n'.includes(this.text[this.at] ?? 'x')) this.at += 1;
  }

  private value(): Node {
    this.blanks();
    const from = this.at;
    const next = this.text[from];
    if (next === '{') return this.object(from);
    if (next === '[') return this.array(from);
    if (next === '"') return this.leaf('string', from, this.string());
    const word = /^[-+.\w]+/.exec(this.text.slice(from, from + 64))?.[0] ?? '';
    if (word === 'true' || word === 'false') return this.take('boolean', from, word, word === 'true');
    if (word === 'null') return this.take('null', from, word, null);
    if (/^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(word)) return this.take('number', from, word, Number(word));
    if (word) throw new Stop(from, from + word.length, `${word} is not JSON; text needs double quotes.`);
    throw this.stop(from >= this.text.length ? 'A value is missing.' : 'A value is expected here.');
  }

  private take(kind: Node['kind'], from: number, word: string, value: unknown): Node {
    this.at += word.length;
    return this.leaf(kind, from, value);
  }

  private leaf(kind: Node['kind'], from: number, value: unknown): Node {
    return { kind, from, to: this.at, value, members: [], items: [] };
  }

  private string(): string {
    const from = this.at;
    this.at += 1;
    while (this.text[this.at] !== '"') {
      if (this.at >= this.text.length || this.text[this.at] === '\n') {
        throw new Stop(from, this.at, 'The closing quote is missing.');
      }
      this.at += this.text[this.at] === '\\' ? 2 : 1;
    }
    this.at += 1;
    try {
      return JSON.parse(this.text.slice(from, this.at)) as string;
    } catch {
      throw new Stop(from, this.at, 'A character or an escape in this text is not allowed.');
    }
  }

  private enter() {
    this.at += 1;
    this.depth += 1;
    if (this.depth > 64) throw this.stop('Too deep.');
  }

  /** After a member or an item: true if another one follows. */
  private another(close: string): boolean {
    this.blanks();
    const next = this.text[this.at];
    if (next !== ',' && next !== close) throw this.stop(`A comma or ${close} is expected here.`);
    this.at += 1;
    if (next === close) return false;
    this.blanks();
    if (this.text[this.at] === close) throw this.stop('Nothing follows this comma.', this.at - 1);
    return true;
  }

  private object(from: number): Node {
    this.enter();
    const members: Node['members'] = [];
    const value: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    this.blanks();
    let more = this.text[this.at] !== '}';
    if (!more) this.at += 1;
    while (more) {
      this.blanks();
      const start = this.at;
      if (this.text[start] !== '"') throw this.stop('A key in double quotes is expected here.');
      const key = this.string();
      const end = this.at;
      if (members.some((member) => member.key === key)) throw new Stop(start, end, `The key ${key} stands here twice.`);
      this.blanks();
      if (this.text[this.at] !== ':') throw this.stop('A colon is expected here.');
      this.at += 1;
      const node = this.value();
      members.push({ key, from: start, to: end, node });
      value[key] = node.value;
      more = this.another('}');
    }
    this.depth -= 1;
    return { kind: 'object', from, to: this.at, value: { ...value }, members, items: [] };
  }

  private array(from: number): Node {
    this.enter();
    const items: Node[] = [];
    this.blanks();
    let more = this.text[this.at] !== ']';
    if (!more) this.at += 1;
    while (more) {
      items.push(this.value());
      more = this.another(']');
    }
    this.depth -= 1;
    return { kind: 'array', from, to: this.at, value: items.map(({ value }) => value), members: [], items };
  }
}
