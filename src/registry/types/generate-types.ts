/**
 * Generates types of a programming language from a payload schema. Reading and writing a payload through the types
 * preserves it: they may be wider than the schema, never narrower. Strings stay strings whatever their format, as they
 * are in JSON.
 */
import type { Registration } from '../../model/registrations.ts'
import { renderGo } from './go.ts'
import type { Language } from './languages.ts'
import { renderPython } from './python.ts'
import { readShape } from './read-shapes.ts'
import type { EventIdentity, ObjectShape } from './shapes.ts'
import { renderTypeScript } from './typescript.ts'

export type TypeSource = Pick<Registration, 'namespace' | 'name' | 'canonicalName' | 'schemaHash' | 'payloadSchema'>

const RENDERERS: Readonly<Record<Language, (root: ObjectShape, name: string, event: EventIdentity) => string>> = {
  typescript: renderTypeScript,
  python: renderPython,
  go: renderGo,
}

/**
 * The code. It begins with the event's name and ends with the schema hash as a constant, which identifies its source.
 * The same schema always gives the same code.
 */
export function generateTypes(source: TypeSource, language: Language): string {
  const name = typeName(source)
  const event = { fullName: `${source.namespace}.${source.name}`, schemaHash: source.schemaHash }
  const code = RENDERERS[language](readShape(source.payloadSchema), name, event).trim()
  const about = `Code generated from ${source.canonicalName}, schema SHA-256 ${source.schemaHash}; DO NOT EDIT.`
  return `${language === 'python' ? '#' : '//'} ${about}\n\n${code}\n\n${hashConstant(language, name, source.schemaHash)}\n`
}

/** `lettings.viewing_booked` becomes `LettingsViewingBooked`. */
function typeName({ namespace, name }: TypeSource): string {
  const words = `${namespace}.${name}`.split(/[^a-z0-9]+/).filter(word => word !== '')
  return words.map(word => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function hashConstant(language: Language, name: string, hash: string): string {
  if (language === 'typescript') return `export const ${name}SchemaHash = '${hash}';`
  if (language === 'go') return `const ${name}SchemaHash = "${hash}"`
  return `${name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase()}_SCHEMA_HASH = "${hash}"`
}
