/** Conditions, parsed and matched with a payload. */
import { parseConditions } from '../../src/events/conditions.ts'
import { conditionsHold } from '../../src/events/conditions-hold.ts'
import type { ConditionGroup } from '../../src/model/conditions.ts'
import { event } from '../delivery/receiving.ts'

export const payload = {
  ...{
    amount: 1000,
    text: 'größer',
    empty: '',
    none: null,
    yes: true,
    when: '2026-03-01T12:00:00+01:00',
    day: '2026-03-01',
    count: '12',
  },
  ...{
    items: [{ sku: 'a' }, { sku: 'b' }],
    tags: ['x', 'y'],
    limit: 500,
    nested: { deep: { er: 1 } },
    'a.b': { "it's": 1 },
  },
  ...JSON.parse('{"__proto__":{"hidden":1}}'),
}

export const parsed = (input: unknown): ConditionGroup => {
  const result = parseConditions(input)
  if (!result.ok) throw new Error(JSON.stringify(result.findings))
  return result.conditions
}

export const holds = (input: unknown, value: unknown = payload) =>
  conditionsHold(parsed(input), { ...event, correlationId: null, depth: 2 }, value)

export const findings = (input: unknown) => {
  const result = parseConditions(input, '/conditions')
  return result.ok ? [] : result.findings.map(({ path, rule }) => [path, rule])
}
