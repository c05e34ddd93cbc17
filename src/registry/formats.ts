/** The formats of draft 2020-12 that are asserted (C.11.3), and OpenAPI's. A format that is not in the list is refused, never passed over. */
import type { Ajv2020 } from 'ajv/dist/2020.js'
import addFormatsModule, { type FormatName } from 'ajv-formats'
import type { SchemaFlavour } from '../control-plane/records.ts'

/** The package is CommonJS: its default export is a property of what is imported. */
const addFormatsTo = addFormatsModule.default

const JSON_SCHEMA_FORMATS: FormatName[] = [
  'date-time',
  'date',
  'time',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uri',
  'uri-reference',
  'uri-template',
  'uuid',
  'json-pointer',
  'relative-json-pointer',
]

const OPENAPI_FORMATS: FormatName[] = ['int32', 'int64', 'float', 'double', 'byte', 'binary', 'password']

export function addFormats(ajv: Ajv2020, flavour: SchemaFlavour): void {
  addFormatsTo(ajv, {
    mode: 'full',
    keywords: false,
    formats: [...JSON_SCHEMA_FORMATS, ...(flavour === 'openapi-3.1' ? OPENAPI_FORMATS : [])],
  })
  ajv.addFormat('uuid', /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i)
  ajv.addFormat('regex', isPattern)
}

function isPattern(text: string): boolean {
  if (text.length > 10_000) return false
  try {
    new RegExp(text, 'u')
    return true
  } catch {
    return false
  }
}
