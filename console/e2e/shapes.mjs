// Whether an answer below /debug/ has the shape that `schemas/debug.json` gives it. The mirror makes that
// file of the types it answers with, so a mock that passes says nothing a mirror would not.
import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';

const schema = closed(JSON.parse(readFileSync(new URL('../../schemas/debug.json', import.meta.url), 'utf8')));
const ajv = new Ajv({ allErrors: true, strict: false });
ajv.addSchema(schema, 'debug');

/** No key but those that are described. */
function closed(of) {
  if (Array.isArray(of)) return of.map(closed);
  if (of === null || typeof of !== 'object') return of;
  const all = Object.fromEntries(Object.entries(of).map(([key, one]) => [key, closed(one)]));
  return of.type === 'object' && of.properties && of.additionalProperties === undefined ? { ...all, unevaluatedProperties: false } : all;
}

function nameOf(path, status) {
  if (status !== 200) return 'error';
  if (/^requests\/[^/]+\/replay$/.test(path)) return 'explain';
  return path.startsWith('requests/') ? 'request' : path;
}

/** What is wrong with an answer, in words. */
export async function misshapen(response) {
  const path = new URL(response.url()).pathname.split('/debug/')[1];
  const name = nameOf(path, response.status());
  // Gone with its page, or cut off by the test.
  const text = await response.text().catch(() => null);
  return text === null ? [] : misfits(name, JSON.parse(text));
}

/** What is wrong with an answer of that name. */
export function misfits(name, answer) {
  const validate = ajv.getSchema(`debug#/properties/${name}`);
  if (!validate) return [`shape of ${name}: not described`];
  return validate(answer) ? [] : validate.errors.slice(0, 4).map((error) => `shape of ${name}: ${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
}
