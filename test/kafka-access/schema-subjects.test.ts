import { describe, expect, it } from '@jest/globals'
import { schemaHash } from '../../src/json/canonical-json.ts'
import { eventOfSchema, schemaIndexOf } from '../../src/kafka-access/schema-ids.ts'
import { subjectsOf } from '../../src/kafka-access/schema-subjects.ts'
import type { Registration } from '../../src/model/registrations.ts'

let made = 0
function registration(name: string, version: string, changes: Partial<Registration> = {}): Registration {
  const at = new Date(1_785_000_000_000 + ++made).toISOString()
  const payloadSchema = changes.payloadSchema ?? { type: 'object', title: `${name} ${version}` }
  return {
    ...{
      id: `cer_${name}_${version}`,
      organizationId: 'org_1',
      namespace: 'shop',
      name,
      version,
      status: 'published',
      publishedAt: at,
    },
    ...{ createdAt: at, payloadSchema, schemaHash: schemaHash(payloadSchema) },
    ...changes,
  } as Registration
}

describe('the integer id of a registration', () => {
  it('is the same beside any others, and through every change of its draft neighbours', () => {
    const [first, draft, last] = [
      registration('a', '1.0.0'),
      registration('b', '1.0.0', { status: 'draft', publishedAt: null }),
      registration('c', '1.0.0'),
    ]
    const ids = [[first], [first, draft, last], [last, first]].map(list => schemaIndexOf(list).ids)
    expect(new Set(ids.map(each => each.get(first.id))).size).toBe(1)
    expect(ids[1]!.get(last.id)).toBe(ids[2]!.get(last.id))
    expect(ids[1]!.has(draft.id)).toBe(false)
    const id = ids[0]!.get(first.id)!
    expect(Number.isInteger(id) && id > 0 && id <= 0x7fffffff).toBe(true)
    expect(eventOfSchema([first, last], id)).toEqual({ fullName: 'shop.a', version: '1.0.0' })
    expect(eventOfSchema([first, last], id + 1)).toBeUndefined()
  })

  it('has a GUID beside it, a UUID that is as lasting', () => {
    const [first, last] = [registration('a', '1.0.0'), registration('c', '1.0.0')]
    const guids = [[first], [last, first]].map(list => subjectsOf('org_1', list).versions('shop.a')[0]!.guid)
    expect(new Set(guids).size).toBe(1)
    expect(guids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(eventOfSchema([first, last], guids[0]!)).toEqual({ fullName: 'shop.a', version: '1.0.0' })
    expect(subjectsOf('org_1', [first]).byGuid(guids[0]!)?.registration).toBe(first)
  })

  it('is not shared within an organization, though one in two thousand millions might be', () => {
    const many = Array.from({ length: 70_000 }, (_, n) => registration(`n${n}`, '1.0.0'))
    expect(schemaIndexOf(many).byId.size).toBe(many.length)
  })
})

describe('subjects', () => {
  const archived = registration('order', '1.0.0', { status: 'archived' })
  const [next, newest] = [registration('order', '1.1.0'), registration('order', '2.0.0')]
  const subjects = subjectsOf('org_1', [archived, next, newest, registration('gone', '1.0.0', { status: 'archived' })])

  it('number versions in the order of publication, archived ones included', () => {
    expect(
      subjects.versions('shop.order').map(({ version, registration: { version: own } }) => [version, own]),
    ).toEqual([
      [1, '1.0.0'],
      [2, '1.1.0'],
      [3, '2.0.0'],
    ])
    expect(subjects.names(false)).toEqual(['shop.order'])
    expect(subjects.names(true)).toEqual(['shop.gone', 'shop.order'])
  })

  it('are found under the names that serializers make of the topic', () => {
    expect(subjects.versions('emits.org_1-shop.order')).toHaveLength(3)
    expect(subjects.find('emits.org_1-value', { title: 'order 1.1.0', type: 'object' })?.version).toBe(2)
    expect(subjects.find('emits.org_2-value', { title: 'order 1.1.0', type: 'object' })).toBeUndefined()
  })

  it('do not guess between events that have the same schema', () => {
    const payloadSchema = { type: 'object' }
    const twins = subjectsOf('org_1', [
      registration('x', '1.0.0', { payloadSchema }),
      registration('y', '1.0.0', { payloadSchema }),
    ])
    expect(twins.find('emits.org_1-value', payloadSchema)).toBeUndefined()
    expect(twins.find('shop.y', payloadSchema)?.subject).toBe('shop.y')
  })
})
