import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { brokenPromises, promisesOf } from '../../../sdks/contract/promises.ts'
import type { Document } from '../../../sdks/generate/document.ts'
import { kitFiles } from '../../../sdks/generate/kits.ts'
import { modelOf } from '../../../sdks/generate/model.ts'
import { describedDocument } from '../../support/described-routes.ts'

const root = new URL('../../../', import.meta.url)
const document = describedDocument('0.1.0') as unknown as Document
/** Go has each call twice, and gofmt keeps four lines for each: docs/decisions/0130. */
const LINES_MAX = { typescript: 6_000, python: 6_000, go: 8_000 }

describe('the generated parts of the kits', () => {
  const files = kitFiles(document)

  it('are those of the document: node bin/reference.mjs changes nothing', () => {
    const stale = Object.entries(files).filter(([name, text]) => readFileSync(new URL(name, root), 'utf8') !== text)
    expect(stale.map(([name]) => name)).toEqual([])
  })

  it.each(Object.entries(LINES_MAX))('have a bounded number of lines in %s', (kit, max) => {
    const texts = Object.entries(files).filter(([name]) => name.startsWith(`sdks/${kit}/`))
    const lines = texts.reduce((sum, [, text]) => sum + text.split('\n').length, 0)
    expect(lines).toBeGreaterThan(1_000)
    expect(lines).toBeLessThanOrEqual(max)
  })

  it('keep a body whose forms are objects as one type, and any other as it is', () => {
    const { types, operations } = modelOf(document)
    const listed = types.find(({ name }) => name === 'ListedRegistration')!
    expect(listed.fields.find(({ name }) => name === 'federation')).toMatchObject({ required: false })
    expect(listed.fields.find(({ name }) => name === 'id')).toMatchObject({ required: true })
    expect(operations.find(({ id }) => id === 'insertRows')?.body?.type).toEqual({ kind: 'any' })
  })
})

describe('a released document', () => {
  const released = readFileSync(new URL('sdks/contract/released-promises.txt', root), 'utf8').trim().split('\n')

  it('is kept: no operation, field or code of the last release is gone, and nothing is narrower', () => {
    expect(released.length).toBeGreaterThan(3_000)
    expect(brokenPromises(released, document)).toEqual([])
  })

  const changed = (change: (copy: Document) => void): string[] => {
    const copy = structuredClone(document)
    change(copy)
    return brokenPromises(promisesOf(document), copy)
  }

  it('finds an operation that is removed', () => {
    const broken = changed(copy => delete copy.paths['/api/v1/whoami'])
    expect(broken).toContain('operation getCaller is GET /api/v1/whoami at whoami')
  })

  it('finds a field of an answer that is removed, or of another type', () => {
    const fields = (copy: Document) => copy.components.schemas.Webhook!.properties!
    expect(changed(copy => delete fields(copy).url)).toContain('answer Webhook.url is string')
    const retyped = changed(copy => Object.assign(fields(copy), { timeoutMs: { type: 'string' } }))
    expect(retyped).toEqual(['answer Webhook.timeoutMs is integer int64'])
  })

  it('finds a field of a request that is required now, and a value that is no longer taken', () => {
    const required = changed(copy => copy.components.schemas.NewWebhook!.required!.push('name'))
    expect(required).toEqual(['request NewWebhook.name is optional'])
    const narrowed = changed(copy => copy.components.schemas.NewWebhook!.properties!.ordering!.enum!.pop())
    expect(narrowed).toContain('request NewWebhook.ordering takes the value park')
  })

  it('finds a code that a call does not have any more, and a parameter that it needs now', () => {
    const get = (copy: Document) => copy.paths['/api/v1/webhooks/{webhookId}']!.get!
    expect(changed(copy => get(copy)['x-clarion-codes'].pop())).toHaveLength(1)
    const list = (copy: Document) => copy.paths['/api/v1/webhooks']!.get!
    const needed = changed(copy =>
      Object.assign(list(copy).parameters.find(({ name }) => name === 'limit')!, { required: true }),
    )
    expect(needed).toEqual(['operation listWebhooks needs no query limit'])
  })

  it('takes a new operation, a new field of an answer, and a new optional field of a request', () => {
    const broken = changed(copy => {
      copy.paths['/api/v1/new'] = { get: { ...copy.paths['/api/v1/whoami']!.get!, operationId: 'getNew' } }
      copy.components.schemas.Webhook!.properties!.novel = { type: 'string' }
      copy.components.schemas.NewWebhook!.properties!.novel = { type: 'string' }
    })
    expect(broken).toEqual([])
  })
})
