/** The places of templates in `with`, by the schema of the action, and their compiled form. */
import { isJsonObject, pointerTo } from '../../json/json-pointer.ts'
import type { FieldSchema, Place } from './action-spec.ts'
import { type Compiled, compileText, compileValue, setOwn, templateOf } from './compile-template.ts'
import { TemplateError } from './evaluation.ts'
import { compileSql } from './sql-text.ts'
import { textOf } from './text.ts'
import { compileUrl } from './url-template.ts'

/** A text of `with` that may be a template. */
export interface PlacedText {
  path: string
  text: string
  place: Place
  /** Whether it may read a secret. */
  secrets: boolean
}

/** Every text at a place of templates, `path` below that of `value`. */
export function* placedTexts(schema: FieldSchema, value: unknown, path: string): Generator<PlacedText> {
  const place = schema['x-template']
  const secrets = schema['x-secrets'] === true
  if (place === 'value') yield* textsIn(value, path, { place, secrets })
  else if (typeof value === 'string') {
    if (place !== undefined) yield { path, text: value, place, secrets }
  } else
    for (const [key, below, member] of membersOf(schema, value)) yield* placedTexts(below, member, pointerTo(path, key))
}

function* textsIn(value: unknown, path: string, at: Pick<PlacedText, 'place' | 'secrets'>): Generator<PlacedText> {
  if (typeof value === 'string') yield { ...at, path, text: value }
  else if (typeof value === 'object' && value !== null)
    for (const [key, member] of Object.entries(value)) yield* textsIn(member, pointerTo(path, key), at)
}

/** The names of members, at places that compute values, that look as if they were templates. */
export function* templatedKeys(value: unknown, path: string): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, member] of Object.entries(value)) {
    if (!Array.isArray(value) && key.includes('{{')) yield pointerTo(path, key)
    yield* templatedKeys(member, pointerTo(path, key))
  }
}

/** The `with` of an action as a function of what its templates read. The definition has been checked. */
export function compileWith(schema: FieldSchema, value: unknown): Compiled {
  return compileField(schema, value) ?? (() => value)
}

function compileField(schema: FieldSchema, value: unknown): Compiled | undefined {
  const place = schema['x-template']
  if (place === 'value') return compileValue(value)
  if (typeof value === 'string') return place === undefined ? undefined : compileAt(place, value)
  const members = membersOf(schema, value).map(([key, below, member]) => [key, compileField(below, member)] as const)
  if (members.every(([, compiled]) => compiled === undefined)) return undefined
  return evaluation => {
    const made: Record<string, unknown> = { ...(value as Record<string, unknown>) }
    for (const [key, compiled] of members) if (compiled) setOwn(made, key, compiled(evaluation))
    return made
  }
}

function compileAt(place: Place, text: string): Compiled | undefined {
  if (place === 'sql') return compileSql(templateOf(text))
  if (!text.includes('{{')) return undefined
  const template = templateOf(text)
  if (place === 'url') return compileUrl(template)
  return compileText(template, place === 'header' ? headerText : place === 'html' ? htmlText : textOf)
}

function membersOf(schema: FieldSchema, value: unknown): Array<[key: string, schema: FieldSchema, member: unknown]> {
  if (!isJsonObject(value)) return []
  const { properties = {}, additionalProperties } = schema
  return Object.entries(value).flatMap(([key, member]) => {
    const below = Object.hasOwn(properties, key) ? properties[key] : additionalProperties
    return typeof below === 'object' ? [[key, below, member] as [string, FieldSchema, unknown]] : []
  })
}

/** RFC 9110 section 5.5: no line break and no other control character but the tab. */
function headerText(value: unknown): string {
  const text = textOf(value)
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(text))
    throw new TemplateError('with_invalid', 'A header would contain a line break or another control character.')
  return text
}

const HTML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const htmlText = (value: unknown): string => textOf(value).replace(/[&<>"']/g, character => HTML[character]!)
