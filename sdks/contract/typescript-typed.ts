/** The kit for TypeScript, whose types are no values: their constant goes beside the emit. */
import { createClient } from '../typescript/src/index.ts'
import type { TypedSaid } from './kit.ts'
import { type OrderPlaced, OrderPlacedSchemaHash } from './order.ts'

export async function typedInTypeScript({ baseUrl }: { baseUrl: string }): Promise<TypedSaid> {
  const drifts: Array<[string, string]> = []
  let ids = 0
  const random = { uniform: () => 0.5, id: () => `id${++ids}` }
  const { emit, emitBatch } = createClient({ baseUrl, apiKey: 'ck_test_contract', random }).events.custom
  const payload: OrderPlaced = { id: 'o-1', at: '2026-01-01T00:00:00Z' }
  const [placed, plain] = [
    { name: 'order.placed', payload },
    { name: 'a.b', payload: {} },
  ]
  const onSchemaDrift = (name: string) => (version: string, of?: string) => void drifts.push([of ?? name, version])
  await emit(placed, { schemaHash: OrderPlacedSchemaHash, onSchemaDrift: onSchemaDrift('order.placed') })
  const schemaHashes = { 'order.placed': OrderPlacedSchemaHash }
  await emitBatch([placed, { ...placed, subject: 's' }, plain], { schemaHashes, onSchemaDrift: onSchemaDrift('') })
  await emit(plain, { schemaHash: 'abc', onSchemaDrift: onSchemaDrift('a.b') })
  return { drifts }
}
