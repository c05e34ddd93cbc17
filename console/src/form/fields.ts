/** From a schema to the fields of a form. What a form cannot express is a field of JSON text in its place. */
export type Schema = Record<string, unknown>

interface Common {
  name: string
  isRequired: boolean
  help: string | undefined
}

export type FormField = Common &
  (
    | { kind: 'text'; format: string | undefined; mayBeNull: boolean }
    | { kind: 'number' }
    | { kind: 'boolean' }
    /** `options`: JSON texts. */
    | { kind: 'choice'; options: string[] }
    | { kind: 'object'; fields: FormField[] }
    | { kind: 'list'; item: FormField }
    | { kind: 'island' }
  )

const DEPTH_MAX = 6
/** Keywords that change which members or types a value may have. */
const BEYOND_A_FORM = ['oneOf', 'anyOf', 'allOf', 'if', 'not', '$ref', '$dynamicRef', 'patternProperties', 'const']

/** The members of an object schema, required ones first. */
export function fieldsOf(schema: Schema, depth = 0): FormField[] {
  const properties = isObject(schema.properties) ? schema.properties : {}
  const required = new Set(Array.isArray(schema.required) ? schema.required.map(String) : [])
  return Object.entries(properties)
    .map(([name, each]) => fieldOf(name, isObject(each) ? each : {}, required.has(name), depth))
    .sort((a, b) => Number(b.isRequired) - Number(a.isRequired))
}

function fieldOf(name: string, schema: Schema, isRequired: boolean, depth: number): FormField {
  const help = typeof schema.description === 'string' ? schema.description : undefined
  const common = { name, isRequired, help }
  if (Array.isArray(schema.enum))
    return { ...common, kind: 'choice', options: schema.enum.map(each => JSON.stringify(each)) }
  if (depth >= DEPTH_MAX || BEYOND_A_FORM.some(keyword => keyword in schema)) return { ...common, kind: 'island' }
  const types = (Array.isArray(schema.type) ? schema.type : [schema.type]).filter(each => each !== 'null')
  const mayBeNull = Array.isArray(schema.type) && schema.type.includes('null')
  if (types.length !== 1) return { ...common, kind: 'island' }
  switch (types[0]) {
    case 'string':
      return {
        ...{ ...common, kind: 'text', mayBeNull },
        format: typeof schema.format === 'string' ? schema.format : undefined,
      }
    case 'number':
    case 'integer':
      return { ...common, kind: 'number' }
    case 'boolean':
      return { ...common, kind: 'boolean' }
    case 'object':
      return isObject(schema.properties)
        ? { ...common, kind: 'object', fields: fieldsOf(schema, depth + 1) }
        : { ...common, kind: 'island' }
    case 'array':
      return isObject(schema.items)
        ? { ...common, kind: 'list', item: fieldOf(name, schema.items, true, depth + 1) }
        : { ...common, kind: 'island' }
    default:
      return { ...common, kind: 'island' }
  }
}

/** What a field holds when it is put in: JSON text. */
export function emptyValueOf(field: FormField): string {
  switch (field.kind) {
    case 'text':
      return '""'
    case 'number':
      return '0'
    case 'boolean':
      return 'false'
    case 'choice':
      return field.options[0] ?? 'null'
    case 'list':
      return '[]'
    case 'object':
      return `{${field.fields
        .filter(each => each.isRequired)
        .map(each => `${JSON.stringify(each.name)}: ${emptyValueOf(each)}`)
        .join(', ')}}`
    case 'island':
      return 'null'
  }
}

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
