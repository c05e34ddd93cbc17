import { describe, expect, it } from '@jest/globals'
import {
  BUILT_IN_NAMESPACES,
  canonicalName,
  checkName,
  checkNamespace,
  checkVersion,
  isReservedNamespace,
  parseFullName,
  RESERVED_NAMESPACES,
} from '../../src/model/names.ts'

describe('names', () => {
  it.each(['ab', 'lettings', 'a_-9', `a${'b'.repeat(30)}`])('namespace %s is well formed', text =>
    expect(checkNamespace(text)).toBeUndefined(),
  )
  it.each(['', 'a', 'A1', '1a', 'a.b', '_ab', 'ab\n', 'é1', `a${'b'.repeat(31)}`])('namespace %j is not', text =>
    expect(checkNamespace(text)).toBe('invalid_namespace'),
  )
  it.each(['ab', 'property.favorited', 'a..', `a${'b'.repeat(60)}`])('name %s is well formed', text =>
    expect(checkName(text)).toBeUndefined(),
  )
  it.each(['', 'a', 'Ab', '.a', 'a b', 'ab\n', `a${'b'.repeat(61)}`])('name %j is not', text =>
    expect(checkName(text)).toBe('invalid_name'),
  )
  it.each(['0.0.0', '1.0.0', '10.20.30'])('version %s is well formed', text =>
    expect(checkVersion(text)).toBeUndefined(),
  )
  it.each([
    '',
    '1',
    '1.0',
    '1.0.0.0',
    'v1.0.0',
    '01.0.0',
    '1.0.0-rc',
    '1.0.0+b',
    '1.0.0\n',
    '1.0.-1',
    `1.0.${'9'.repeat(16)}`,
  ])('version %j is not', text => expect(checkVersion(text)).toBe('invalid_version_format'))

  it('the 14 namespaces of the source are reserved, and those of the built-in types, in two lists', () => {
    expect(RESERVED_NAMESPACES.size).toBe(14)
    expect([...RESERVED_NAMESPACES].filter(n => BUILT_IN_NAMESPACES.has(n))).toEqual([])
    for (const namespace of ['platformxe', 'generic', 'domains', 'order', 'domain', 'ai'])
      expect(isReservedNamespace(namespace)).toBe(true)
    expect(isReservedNamespace('lettings')).toBe(false)
  })

  it('a full name is split at its first dot', () => {
    expect(parseFullName('lettings.property.favorited')).toEqual({ namespace: 'lettings', name: 'property.favorited' })
    for (const text of ['', 'lettings', '.ab', 'lettings.', 'Lettings.ab', 'ab.cd@1.0.0'])
      expect(parseFullName(text)).toBeUndefined()
  })

  it('the canonical name carries the organization', () => {
    expect(canonicalName('org_x', 'lettings.property.favorited', '1.0.0')).toBe(
      'TENANT_CUSTOM:org_x:lettings.property.favorited@1.0.0',
    )
  })
})
