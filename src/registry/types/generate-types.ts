/** A payload schema as types of a programming language (PX-21), by quicktype. Pure, but slow: it runs in a thread of its own. */
import { InputData, JSONSchemaInput, type LanguageName, quicktype } from 'quicktype-core'
import type { Registration } from '../../control-plane/records.ts'
import type { Language } from './languages.ts'
import { simplifySchema } from './simplify-schema.ts'

export type TypeSource = Pick<Registration, 'namespace' | 'name' | 'canonicalName' | 'schemaHash' | 'payloadSchema'>

const OPTIONS: Readonly<Record<Language, { lang: LanguageName; rendererOptions: Record<string, string | boolean> }>> = {
  typescript: { lang: 'typescript', rendererOptions: { 'just-types': true, 'prefer-unions': true } },
  python: { lang: 'python', rendererOptions: { 'python-version': '3.7' } },
  go: { lang: 'go', rendererOptions: { package: 'events' } },
}

/**
 * The code, beginning with the event's name and ending with its schema hash as a constant, by which a program can tell what it was made
 * from. Strings stay strings whatever their format, as they are in JSON. What no type can say (patterns, bounds, conditions) is left out;
 * a schema of which nothing can be said gives any object.
 */
export async function generateTypes(source: TypeSource, language: Language): Promise<string> {
  const name = typeName(source)
  const { lang, rendererOptions } = OPTIONS[language]
  const render = async (schema: unknown): Promise<string> => {
    const input = new JSONSchemaInput(undefined)
    await input.addSource({ name, schema: JSON.stringify(schema) })
    const inputData = new InputData()
    inputData.addInput(input)
    const { lines } = await quicktype({ inputData, lang, rendererOptions, inferMaps: false })
    return lines
      .map(line => line.trimEnd())
      .join('\n')
      .trim()
  }
  const told = async () => render(simplifySchema(source.payloadSchema))
  const code = await told().catch(() => render({ type: 'object', additionalProperties: true }))
  const about = `Code generated from ${source.canonicalName}, schema SHA-256 ${source.schemaHash}; DO NOT EDIT.`
  return `${language === 'python' ? '#' : '//'} ${about}\n\n${code}\n\n${hashConstant(language, name, source.schemaHash)}\n`
}

/** `lettings.viewing_booked` is `LettingsViewingBooked`. */
function typeName({ namespace, name }: TypeSource): string {
  const words = `${namespace}.${name}`.split(/[^a-z0-9]+/).filter(word => word !== '')
  return words.map(word => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function hashConstant(language: Language, name: string, hash: string): string {
  if (language === 'typescript') return `export const ${name}SchemaHash = '${hash}';`
  if (language === 'go') return `const ${name}SchemaHash = "${hash}"`
  return `${name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase()}_SCHEMA_HASH = "${hash}"`
}
