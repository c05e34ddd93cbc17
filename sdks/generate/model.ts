/** What the emitters read: operations and types, without the forms of JSON Schema. */
import { type Document, operationsOf, type Repeat, type Schema } from './document.ts'

export type Type =
  | { kind: 'string' | 'time' | 'integer' | 'number' | 'boolean' | 'any' | 'object' }
  | { kind: 'list' | 'map'; of: Type }
  | { kind: 'named'; name: string }

export interface Field {
  /** As it is in JSON. */
  name: string
  type: Type
  required: boolean
  nullable: boolean
}

export interface NamedType {
  name: string
  fields: Field[]
  /** In an answer, where unknown fields are kept. */
  isAnswer: boolean
  /** An answer that has all that another one has extends it, by its own fields. */
  base: string | undefined
  ownFields: Field[]
}

export interface Operation {
  id: string
  /** `['events', 'webhooks', 'create']`. */
  call: string[]
  method: string
  path: string
  summary: string
  pathParameters: string[]
  query: Field[]
  /** The fields of the body, or the body as one value. */
  body: { required: boolean; name: string | undefined; fields: Field[] | undefined; type: Type } | undefined
  answer: 'data' | 'json' | 'text' | 'stream' | 'socket'
  data: Type | undefined
  page: 'cursor' | 'log' | undefined
  isPaged: boolean
  repeat: Repeat
  takesIdempotencyKey: boolean
  takesIfMatch: boolean
}

export interface Model {
  version: string
  operations: Operation[]
  types: NamedType[]
  codes: string[]
}

export function modelOf(document: Document): Model {
  const types = new Map<string, NamedType>()
  const { schemas } = document.components

  function typeOf(schema: Schema, suggested: string, isAnswer: boolean): { type: Type; nullable: boolean } {
    const { $ref, anyOf, type, format, items, additionalProperties } = schema
    if ($ref !== undefined) return { type: named(nameIn($ref), isAnswer), nullable: false }
    if (anyOf !== undefined) {
      const forms = anyOf.filter(each => each.type !== 'null')
      const nullable = forms.length < anyOf.length
      if (forms.length === 1) return { ...typeOf(forms[0]!, suggested, isAnswer), nullable }
      return { type: union(forms, suggested, isAnswer), nullable }
    }
    const [first, ...others] = [type].flat().filter(each => each !== 'null')
    const nullable = Array.isArray(type) && type.includes('null')
    const plain = (kind: 'string' | 'time' | 'integer' | 'number' | 'boolean' | 'any' | 'object') => ({
      type: { kind },
      nullable,
    })
    if (first === undefined || others.length > 0) return plain(constantKind(schema))
    if (first === 'string') return plain(format === 'date-time' ? 'time' : 'string')
    if (first === 'array')
      return { type: { kind: 'list', of: typeOf(items ?? {}, suggested, isAnswer).type }, nullable }
    if (first !== 'object') return plain(first as 'integer')
    if (typeof additionalProperties !== 'object') return plain('object')
    const inside = typeOf(additionalProperties, `${suggested}Value`, isAnswer)
    return { type: { kind: 'map', of: inside.nullable ? { kind: 'any' } : inside.type }, nullable }
  }

  function named(name: string, isAnswer: boolean): Type {
    const schema = schemas[name]
    if (schema === undefined) throw new Error(`The document has no component ${name}.`)
    if (schema.anyOf !== undefined) return union(schema.anyOf, name, isAnswer)
    if (schema.properties === undefined) return typeOf(schema, name, isAnswer).type
    define(name, schema, isAnswer)
    return { kind: 'named', name }
  }

  function define(name: string, { properties = {}, required = [] }: Schema, isAnswer: boolean): void {
    if (types.has(name)) return
    const made: NamedType = { name, fields: [], isAnswer, base: undefined, ownFields: [] }
    types.set(name, made)
    made.fields = fieldsOf(properties, required, name, isAnswer)
  }

  const fieldsOf = (
    properties: Record<string, Schema>,
    required: readonly string[],
    owner: string,
    isAnswer: boolean,
  ): Field[] =>
    Object.entries(properties).map(([name, schema]) => ({
      name,
      ...typeOf(schema, owner + capital(name), isAnswer),
      required: required.includes(name),
    }))

  /** Objects become one type, in which only the fields that all of them require are required; other forms are any. */
  function union(forms: readonly Schema[], name: string, isAnswer: boolean): Type {
    const objects = forms.map(({ $ref }) => ($ref === undefined ? undefined : schemas[nameIn($ref)]))
    if (!objects.every(each => each?.properties !== undefined)) return { kind: 'any' }
    const properties = Object.assign({}, ...objects.map(each => each!.properties)) as Record<string, Schema>
    const required = Object.keys(properties).filter(field => objects.every(each => each!.required?.includes(field)))
    define(name, { properties, required }, isAnswer)
    return { kind: 'named', name }
  }

  function operationOf(entry: ReturnType<typeof operationsOf>[number]): Operation {
    const { method, path, operation } = entry
    // A dry run is not another call.
    const isReal = (part: { 'x-clarion-dry-run'?: true }) => part['x-clarion-dry-run'] !== true
    const ofPlace = (place: string) => operation.parameters.filter(each => each.in === place && isReal(each))
    const success = Object.entries(operation.responses).find(
      ([status, each]) => /^[12]/.test(status) && isReal(each),
    )?.[1]
    const envelope = success?.content?.['application/json']?.schema
    const id = operation.operationId
    return {
      id,
      call: operation['x-clarion-call'].split('.'),
      method,
      path,
      summary: operation.summary,
      pathParameters: ofPlace('path').map(({ name }) => name),
      query: ofPlace('query').map(({ name, schema, required }) => ({
        name,
        ...typeOf(schema, capital(id) + capital(name), false),
        required: required === true,
      })),
      body: bodyOf(operation.requestBody, `${capital(id)}Input`),
      answer: operation['x-clarion-answer'],
      data:
        operation['x-clarion-answer'] === 'data'
          ? typeOf(envelope?.properties?.data ?? {}, `${capital(id)}Result`, true).type
          : undefined,
      page: operation['x-clarion-page'],
      isPaged: operation['x-clarion-page'] === 'cursor',
      repeat: operation['x-clarion-repeat'],
      takesIdempotencyKey: ofPlace('header').some(({ name }) => name === 'Idempotency-Key'),
      takesIfMatch: ofPlace('header').some(({ name }) => name === 'If-Match'),
    }
  }

  function bodyOf(
    body: ReturnType<typeof operationsOf>[number]['operation']['requestBody'],
    suggested: string,
  ): Operation['body'] {
    const schema = body?.content['application/json']?.schema
    if (body === undefined || schema === undefined) return undefined
    const { type } = typeOf(schema, suggested, false)
    const name = type.kind === 'named' ? type.name : undefined
    const fields = name === undefined || schemas[name]?.properties === undefined ? undefined : types.get(name)?.fields
    return { required: body.required === true, name, fields, type }
  }

  const operations = operationsOf(document)
    .filter(({ operation }) => operation.deprecated !== true)
    .map(operationOf)
  const codes = schemas.Error?.properties?.error?.properties?.code?.enum ?? []
  return {
    version: document.info.version,
    operations,
    types: withBases([...types.values()].sort((one, other) => (one.name < other.name ? -1 : 1))),
    codes: codes as string[],
  }
}

/** Fewer fields in common are chance. */
const SHARED_MIN = 9

function withBases(types: readonly NamedType[]): NamedType[] {
  const textsOf = ({ fields }: NamedType) => fields.map(field => JSON.stringify(field))
  return types.map(type => {
    const own = new Set(textsOf(type))
    const bases = types.filter(
      each =>
        each.isAnswer &&
        type.isAnswer &&
        each.fields.length >= SHARED_MIN &&
        each.fields.length < type.fields.length &&
        textsOf(each).every(text => own.has(text)),
    )
    const base = bases.sort((one, other) => other.fields.length - one.fields.length)[0]
    const names = new Set(base?.fields.map(({ name }) => name))
    return { ...type, base: base?.name, ownFields: type.fields.filter(({ name }) => !names.has(name)) }
  })
}

const nameIn = (reference: string): string => reference.slice(reference.lastIndexOf('/') + 1)
const constantKind = ({ const: constant }: Schema): 'any' | 'boolean' | 'integer' | 'string' =>
  typeof constant === 'boolean'
    ? 'boolean'
    : typeof constant === 'number'
      ? 'integer'
      : typeof constant === 'string'
        ? 'string'
        : 'any'

export const capital = (word: string): string => word.replace(/^./, first => first.toUpperCase())
export const words = (name: string): string[] => name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').split(/[^A-Za-z0-9]+/)
export const snake = (name: string): string => words(name).join('_').toLowerCase()
