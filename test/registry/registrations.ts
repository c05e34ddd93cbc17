/** Registrations to check, and those before them. */
import type { RegisteredEvent } from '../../src/model/control-view.ts'
import { canonicalName } from '../../src/model/names.ts'
import type { Registration } from '../../src/model/registrations.ts'
import {
  checkRegistration,
  type RegistrationContext,
  type RegistrationInput,
} from '../../src/registry/check-registration.ts'
import { createValidators } from '../../src/registry/validators.ts'

export const validators = createValidators({ cacheMax: 20 })
export const closed = (properties: Record<string, unknown>, rest: Record<string, unknown> = {}) => ({
  type: 'object',
  properties,
  additionalProperties: false,
  ...rest,
})

export const schema = closed({ a: { type: 'string', description: 'an a' } }, { required: ['a'] })
export const registration = (version: string, changes: Partial<Registration> = {}): Registration => ({
  id: `cer_${version}`,
  organizationId: 'org_x',
  revision: 1,
  createdAt: '',
  updatedAt: '',
  namespace: 'lettings',
  name: 'viewing',
  version,
  canonicalName: canonicalName('org_x', 'lettings.viewing', version),
  status: 'published',
  description: null,
  payloadSchema: schema,
  payloadExample: null,
  schemaHash: '',
  schemaFlavour: 'json-schema-2020-12',
  semverBump: 'initial',
  registeredBy: 'key_1',
  publishedAt: null,
  archivedAt: null,
  ...changes,
})

export const registered = (...versions: Registration[]): RegisteredEvent => ({
  fullName: 'lettings.viewing',
  versions: new Map(versions.map(v => [v.version, v])),
  latestPublished: versions.findLast(v => v.status === 'published'),
})

export const input: RegistrationInput = {
  namespace: 'lettings',
  name: 'viewing',
  version: '1.0.0',
  payloadSchema: schema,
}

export const context: RegistrationContext = {
  organization: { plan: 'PRO', namespaceAllowlist: ['lettings', 'A', 'platformxe', 'order'] },
  event: undefined,
  registrationsUsed: 0,
}

export const check = (changes: Partial<RegistrationInput>, about: Partial<RegistrationContext> = {}) =>
  checkRegistration({ ...input, ...changes }, { ...context, ...about }, validators)

export const v100 = registered(registration('1.0.0'))
