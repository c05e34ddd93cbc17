/** The parts of an OpenAPI document that the kits are made from. */
export type Repeat = 'always' | 'keyed' | 'ifNotDone'

export interface Schema {
  $ref?: string
  type?: string | string[]
  format?: string
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
}

export interface DescribedOperation {
  operationId: string
  summary: string
  deprecated?: boolean
  parameters: Array<{ name: string; in: string; required?: boolean; schema: Schema; 'x-clarion-dry-run'?: true }>
  requestBody?: { required?: boolean; content: Record<string, { schema: Schema }> }
  responses: Record<string, { content?: Record<string, { schema: Schema }>; 'x-clarion-dry-run'?: true }>
  'x-clarion-call': string
  'x-clarion-codes': string[]
  'x-clarion-repeat': Repeat
  'x-clarion-page'?: 'cursor' | 'log'
  'x-clarion-answer': 'data' | 'json' | 'text' | 'stream' | 'socket'
}

export interface Document {
  info: { version: string }
  paths: Record<string, Record<string, DescribedOperation>>
  components: { schemas: Record<string, Schema> }
}

export const operationsOf = (document: Document) =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
