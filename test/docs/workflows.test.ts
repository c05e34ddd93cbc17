import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { canDeploy, checkDefinition } from '../../src/workflows/language/check-definition.ts'
import { PERMISSIVE_CONTEXT } from '../../src/workflows/language/deploy-context.ts'
import { root } from './blocks.ts'

const examples = [...readFileSync(`${root}docs/workflows.md`, 'utf8').matchAll(/```json\n([\s\S]*?)```/g)].map(
  ([, text]) => text!,
)

describe('docs/workflows.md', () => {
  it.each(examples.map((text, index) => [index + 1, text] as const))(
    'example %d can be deployed as it is',
    (_, text) => {
      const checked = checkDefinition(text, {
        ...PERMISSIVE_CONTEXT,
        kind: text.includes('$param') ? 'workflow' : 'route',
      })
      expect(checked.findings).toEqual([])
      expect(canDeploy(checked)).toBe(true)
    },
  )

  it('has examples', () => expect(examples.length).toBeGreaterThan(2))
})
