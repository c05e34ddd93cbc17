import { describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { createControlView } from '../../src/control-plane/store/view-store.ts'
import type { LogRecord } from '../../src/kafka/ports.ts'
import type { Organization } from '../../src/model/organizations.ts'
import type { Registration } from '../../src/model/registrations.ts'

const stored = (id: string, createdAt = '2026-01-01T00:00:00.000Z') => ({
  id,
  organizationId: 'org_1',
  revision: 1,
  createdAt,
  updatedAt: createdAt,
})

const organization = (id: string, slug: string): Organization => ({
  ...{ ...stored(id), organizationId: id, slug, name: slug, plan: 'PRO', status: 'active', ownerEmail: null },
  ...{ namespaceAllowlist: [slug], partitions: 1, testEnvironment: false },
})

const registration = (version: string, status: Registration['status']): Registration => ({
  ...stored(`cer_${version}`),
  ...{
    namespace: 'acme',
    name: 'order.made',
    version,
    canonicalName: `TENANT_CUSTOM:org_1:acme.order.made@${version}`,
    status,
  },
  ...{
    description: null,
    payloadSchema: {},
    payloadExample: null,
    schemaHash: 'h',
    schemaFlavour: 'json-schema-2020-12',
  },
  ...{ semverBump: 'minor', registeredBy: 'key_1', publishedAt: null, archivedAt: null },
})

function openView() {
  const view = createControlView({ clock: createSystemClock() })
  let offset = -1
  const apply = (key: string, value: object | null, command = 'c', at = ++offset): void => {
    const record: LogRecord = {
      ...{ topic: 'control', partition: 0, offset: at, timestampMs: 0, key: Buffer.from(key) },
      ...{
        value: value === null ? null : Buffer.from(JSON.stringify(value)),
        headers: { command: Buffer.from(command) },
      },
    }
    view.apply(record)
  }
  return { view, apply }
}

describe('the control view', () => {
  it('holds the newest record of each key, and nothing of a removed one', () => {
    const { view, apply } = openView()
    apply('key/org_1/key_1', { ...stored('key_1'), hash: 'one', name: 'first' })
    apply('key/org_1/key_1', { ...stored('key_1'), hash: 'two', name: 'second' })
    expect(view.find('key', 'org_1', 'key_1')?.name).toBe('second')
    expect(view.keyByHash('one')).toBeUndefined()
    expect(view.keyByHash('two')?.id).toBe('key_1')
    apply('key/org_1/key_1', null)
    expect(view.find('key', 'org_1', 'key_1')).toBeUndefined()
    expect(view.keyByHash('two')).toBeUndefined()
    expect(view.list('key', 'org_1')).toEqual([])
  })

  it('never finds the record of one organization under another', () => {
    const { view, apply } = openView()
    apply('key/org_1/key_1', { ...stored('key_1'), hash: 'one' })
    expect(view.find('key', 'org_2', 'key_1')).toBeUndefined()
    expect(view.list('key', 'org_2')).toEqual([])
  })

  it('lists by creation, oldest first, whichever was changed last', () => {
    const { view, apply } = openView()
    apply('webhook/org_1/b', stored('b', '2026-01-02T00:00:00.000Z'))
    apply('webhook/org_1/a', stored('a', '2026-01-01T00:00:00.000Z'))
    expect(view.list('webhook', 'org_1').map(each => each.id)).toEqual(['a', 'b'])
  })

  it('gives webhooks in a list that is the same until one of them changes', () => {
    const { view, apply } = openView()
    apply('webhook/org_1/a', stored('a'))
    const before = view.webhooks('org_1')
    apply('webhook/org_2/x', { ...stored('x'), organizationId: 'org_2' })
    expect(view.webhooks('org_1')).toBe(before)
    apply('webhook/org_1/a', { ...stored('a'), revision: 2 })
    expect(view.webhooks('org_1')).not.toBe(before)
  })

  it('keeps nothing of look-ups that found nothing, nor of removed records', () => {
    const { view, apply } = openView()
    const nobody = view.webhooks('org_x')
    expect(view.list('webhook', 'org_y')).toBe(nobody)
    apply('webhook/org_1/wh_1', stored('wh_1'))
    expect(view.webhooks('org_1')).toHaveLength(1)
    apply('webhook/org_1/wh_1', null)
    expect(view.webhooks('org_1')).toBe(nobody)
  })

  it('takes the highest published version for the latest, by semver and not by text or time', () => {
    const { view, apply } = openView()
    const put = (version: string, status: Registration['status']) =>
      apply(`registration/org_1/cer_${version}`, registration(version, status))
    put('1.10.0', 'published')
    put('1.9.0', 'published')
    put('2.0.0', 'draft')
    expect(view.event('org_1', 'acme.order.made')?.latestPublished?.version).toBe('1.10.0')
    const before = view.event('org_1', 'acme.order.made')
    expect(view.event('org_1', 'acme.order.made')).toBe(before)
    put('1.10.0', 'archived')
    expect(view.event('org_1', 'acme.order.made')?.latestPublished?.version).toBe('1.9.0')
    expect(before?.latestPublished?.version).toBe('1.10.0')
    expect([...(view.event('org_1', 'acme.order.made')?.versions.keys() ?? [])]).toEqual(['1.10.0', '1.9.0', '2.0.0'])
    for (const version of ['1.10.0', '1.9.0', '2.0.0']) apply(`registration/org_1/cer_${version}`, null)
    expect(view.event('org_1', 'acme.order.made')).toBeUndefined()
  })

  it('finds an organization by its slug', () => {
    const { view, apply } = openView()
    apply('organization/org_1/org_1', organization('org_1', 'acme'))
    expect(view.organizationBySlug('acme')?.id).toBe('org_1')
    expect([...view.organizations()].map(each => each.id)).toEqual(['org_1'])
  })

  it('passes over records that it has applied, and keys of kinds that it does not know', () => {
    const { view, apply } = openView()
    apply('organization/org_1/org_1', organization('org_1', 'acme'))
    apply('organization/org_1/org_1', organization('org_1', 'older'), 'c', 0)
    apply('federation/org_1/x', { id: 'x' })
    expect(view.organizationBySlug('acme')?.id).toBe('org_1')
    expect(view.appliedOffset).toBe(1)
  })

  it('wakes waiters for an offset, and rejects those that waited in vain', async () => {
    const { view, apply } = openView()
    const reached = view.waitFor(0, 5_000)
    apply('organization/org_1/org_1', organization('org_1', 'acme'))
    expect(await reached).toBe(true)
    expect(await view.waitFor(0, 1)).toBe(true)
    expect(await view.waitFor(5, 1)).toBe(false)
  })

  it('remembers which changes it has seen, tombstones of no record included', () => {
    const { view, apply } = openView()
    apply('command/-/chg_1', null, 'chg_1')
    expect(view.hasCommand('chg_1')).toBe(true)
    expect(view.hasCommand('chg_2')).toBe(false)
  })

  it('notifies listeners of changes until they leave', () => {
    const { view, apply } = openView()
    const seen: string[] = []
    const leave = view.onChange((kind, organizationId, id) => seen.push(`${kind}/${organizationId}/${id}`))
    apply('webhook/org_1/a', stored('a'))
    leave()
    apply('webhook/org_1/b', stored('b'))
    expect(seen).toEqual(['webhook/org_1/a'])
  })
})
