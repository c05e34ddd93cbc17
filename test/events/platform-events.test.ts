/** The catalogues of lifecycle and built-in events, and the page made of them. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { eventsPage } from '../../bin/events-page.ts'
import { BUILT_IN_EVENTS, builtInEvent } from '../../src/events/built-in-events.ts'
import { LIFECYCLE_EVENTS } from '../../src/events/lifecycle-events.ts'
import { parseSelector } from '../../src/events/selector.ts'
import { builtInEmit } from '../../src/ingress/built-in-emit.ts'
import { BUILT_IN_NAMESPACES, parseFullName } from '../../src/model/names.ts'
import { createValidators } from '../../src/registry/validators.ts'

const root = new URL('../../', import.meta.url)

function sourceFiles(folder: string): string[] {
  return readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => readFileSync(new URL(`${folder}/${name}`, root), 'utf8'))
}

describe('built-in events', () => {
  it('are 41, in namespaces that no organization can have, under names that a webhook can select', () => {
    expect(BUILT_IN_EVENTS.size).toBe(41)
    for (const { type, alias } of BUILT_IN_EVENTS.values()) {
      expect(BUILT_IN_NAMESPACES.has(parseFullName(type)!.namespace)).toBe(true)
      expect(parseSelector(type)).toEqual({ form: 'type', key: type })
      if (alias !== undefined)
        expect([parseSelector(alias), builtInEvent(alias)?.type]).toEqual([{ form: 'type', key: type }, type])
    }
  })

  it('of Ctrl Plane are the 25 of its documents, under its Go constants', () => {
    const aliases = [...BUILT_IN_EVENTS.values()].flatMap(({ alias }) => alias ?? [])
    expect(aliases.sort()).toEqual(
      [
        ...[
          'InstanceCreated',
          'InstanceStarted',
          'InstanceStopped',
          'InstanceFailed',
          'InstanceDeleted',
          'InstanceScaled',
        ],
        ...[
          'InstanceSuspended',
          'InstanceUnsuspended',
          'DeployStarted',
          'DeploySucceeded',
          'DeployFailed',
          'DeployRolledBack',
        ],
        ...[
          'HealthCheckPassed',
          'HealthCheckFailed',
          'HealthDegraded',
          'HealthRecovered',
          'DomainAdded',
          'DomainVerified',
        ],
        ...[
          'DomainRemoved',
          'CertProvisioned',
          'CertExpiring',
          'TenantCreated',
          'TenantSuspended',
          'TenantDeleted',
          'QuotaExceeded',
        ],
      ].sort(),
    )
  })

  it.each([
    ['order.created', { order_id: 'o', customer_id: 'c' }, []],
    ['order.created', { order_id: 'o' }, ['required']],
    ['order.failed', { order_id: 'o', error: 'no capacity' }, []],
    ['order.provisioned', { customer_id: 'c', resources: [] }, []],
    ['order.provisioned', { customer_id: 'c' }, ['required']],
    ['alert.triggered', { alert_id: 'a', metric: 'cpu', value: 95, threshold: 90, cluster_id: 'c' }, []],
    ['alert.triggered', { alert_id: 'a', metric: 'cpu', value: '95', threshold: 90, cluster_id: 'c' }, ['type']],
    ['cert.expiring', { hostname: 'a.example', expires_at: 'soon' }, ['format']],
    ['design.created', { designId: 'd', name: 'n', createdAt: '2026-07-25T17:20:00Z', userId: 'u', more: 1 }, []],
  ])('%s takes %j with the findings %j', (type, data, rules) => {
    const { schema: payloadSchema, schemaHash } = builtInEvent(type)!
    const findings = createValidators({ cacheMax: 1 }).validate(
      { payloadSchema, schemaHash, schemaFlavour: 'json-schema-2020-12' },
      data,
    )
    expect(findings.map(({ rule }) => rule)).toEqual(rules)
  })

  it('are about what they name, unless another subject is given', () => {
    const facts = { organizationId: 'org_1', id: 'i', actorId: 'operator' }
    expect(builtInEmit('domain.added', { hostname: 'a.example' }, facts).subject).toBe('a.example')
    expect(builtInEmit('InstanceCreated', { name: 'n', image: 'i' }, { ...facts, subject: 'inst_1' })).toMatchObject({
      ...{ type: 'instance.created', subject: 'inst_1', canonicalName: 'PLATFORM:org_1:instance.created@1' },
    })
  })
})

describe('lifecycle events', () => {
  it('that the code announces are in the catalogue', () => {
    const families =
      /^(CUSTOM_EVENT|WEBHOOK|REPLAY|ORGANIZATION|API_KEY|KAFKA_CREDENTIAL|QUOTA|DRIFT|NOTIFICATION)_[A-Z_]*[A-Z]$/
    const named = [...sourceFiles('src'), ...sourceFiles('processors')].flatMap(text =>
      [...text.matchAll(/'([A-Z][A-Z_]+)'/g)].map(([, name]) => name!),
    )
    const announced = new Set(named.filter(name => families.test(name)))
    const isFamily = (name: string) => [...LIFECYCLE_EVENTS.keys()].some(known => known.startsWith(`${name}_`))
    expect([...announced].filter(name => !LIFECYCLE_EVENTS.has(name) && !isFamily(name))).toEqual([])
    expect(announced.size).toBeGreaterThan(30)
  })

  it('hold the fifteen of the source document', () => {
    const fifteen = [
      'REQUESTED',
      'VALIDATED',
      'PERSISTED',
      'MATERIALISED',
      'REGISTERED',
      'EMIT_REQUESTED',
      'EMIT_RELAYED',
      'EMIT_DELIVERED',
    ]
    fifteen.push(
      'EMIT_DELIVERY_FAILED',
      'VALIDATION_FAILED',
      'EMIT_REJECTED',
      'QUOTA_EXCEEDED',
      'GENERIC_SEEDED',
      'INVALIDATED',
      'CHAIN_TRUNCATED',
    )
    expect(fifteen.filter(name => !LIFECYCLE_EVENTS.has(`CUSTOM_EVENT_${name}`))).toEqual([])
    for (const name of LIFECYCLE_EVENTS.keys()) expect(parseSelector(name)).toEqual({ form: 'type', key: name })
  })
})

it('the reference page of the events agrees with the catalogues (else: node bin/reference.mjs)', () => {
  expect(readFileSync(new URL('docs/reference/events.md', root), 'utf8')).toBe(eventsPage())
})
