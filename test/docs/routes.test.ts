/** The examples of docs/routes.md are routes that can be made and deployed as they are. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { checkedRoute, ROUTE_DEFAULTS, type RouteSettings } from '../../src/control-plane/workflows/route-settings.ts'
import type { RouteMethod } from '../../src/model/workflows.ts'
import { createValidators } from '../../src/registry/validators.ts'
import { canDeploy, checkDefinition } from '../../src/workflows/language/check-definition.ts'
import { root } from './blocks.ts'

interface Example extends RouteSettings {
  method: RouteMethod
  path: string
  definition: unknown
}

const text = readFileSync(`${root}docs/routes.md`, 'utf8')
const examples = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json]) => JSON.parse(json!) as Example)
const validators = createValidators({ cacheMax: 10 })

describe('docs/routes.md', () => {
  it.each(examples.map(example => [`${example.method} ${example.path}`, example] as const))('%s', (_, example) => {
    const { definition, ...settings } = example
    expect(checkedRoute(ROUTE_DEFAULTS, settings, validators)).toMatchObject(settings)
    const checked = checkDefinition(JSON.stringify(definition))
    // The second one answers first, which is remarkable and no error.
    const rules = checked.findings.map(({ rule }) => rule).filter(rule => rule !== 'respond_continue')
    expect([rules, canDeploy(checked)]).toEqual([[], true])
  })

  it('has examples', () => expect(examples).toHaveLength(3))
})
