/** The components of definitions take what a deploy takes. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { ORDERS, REORDER } from '../../../demo/workflows/definitions.ts'
import { ACTIONS } from '../../../src/workflows/language/actions/index.ts'
import { describedDocument } from '../../support/described-routes.ts'

const document = describedDocument()
const ajv = new Ajv2020({ strict: false, validateFormats: false })
ajv.addSchema({ $id: 'https://clarion.test/document', components: document.components })
const check = ajv.compile({ $ref: 'https://clarion.test/document#/components/schemas/WorkflowDefinition' })
const valid = (definition: unknown) => [check(definition), check.errors?.slice(0, 3)]
const guide = readFileSync(new URL('../../../docs/workflows.md', import.meta.url), 'utf8')
const written = [...guide.matchAll(/```json\n(\{.*?\})\n```/gs)].map(
  ([, text]) => JSON.parse(text!) as { language?: 1 },
)

describe('the components of workflows', () => {
  it('has one for each action', () => {
    const { oneOf } = document.components.schemas.WorkflowAction as { oneOf: unknown[] }
    expect(oneOf).toHaveLength(Object.keys(ACTIONS).length)
  })

  it.each([...written.filter(each => each.language === 1), ORDERS, REORDER])(
    'take definition %# of the guide',
    given => {
      expect(valid(given)).toEqual([true, undefined])
    },
  )

  it.each([
    ['an action of another type', { key: 'a', type: 'sing', with: {} }],
    ['a field that the action does not have', { key: 'a', type: 'stop', with: { why: 'x' } }],
    ['a number that is too large', { key: 'a', type: 'delay', with: { seconds: 86_401 } }],
    ['a text that is no template for a number', { key: 'a', type: 'delay', with: { seconds: 'soon' } }],
    ['a body of another action', { key: 'a', type: 'stop', with: {}, do: [] }],
    ['no settings', { key: 'a', type: 'http_request' }],
  ])('refuse %s', (_, action) => {
    expect(check({ language: 1, actions: [action] })).toBe(false)
  })
})
