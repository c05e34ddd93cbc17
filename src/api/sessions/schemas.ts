import { SCOPES } from '../../model/scopes.ts'
import {
  boolean,
  environment,
  listOf,
  nullable,
  object,
  oneOf,
  plan,
  string,
  text,
  time,
} from '../http/schema-parts.ts'

const LOGO_CHARACTERS_MAX = 44_000
const theme = object({
  'accent?': { type: 'string', pattern: '^#[0-9a-fA-F]{6}$' },
  'name?': text(1, 120),
  'logo?': {
    ...text(1, LOGO_CHARACTERS_MAX, { pattern: '^data:image/(?:png|jpeg|gif|webp|svg\\+xml);base64,[A-Za-z0-9+/=]+$' }),
    description: 'A `data:` image of at most 32 KB.',
  },
  'mode?': oneOf(['light', 'dark']),
})

const actAs = object({
  ...{ organizationId: string, environment, write: boolean, reason: nullable(string), endsAt: time },
})

export const session = object({
  kind: oneOf(['key', 'operator']),
  keyId: { ...nullable(string), description: 'Null for the operator, and for a console link.' },
  organization: { anyOf: [object({ id: string, slug: string, name: string, plan }), { type: 'null' }] },
  environment: { type: ['string', 'null'], enum: ['live', 'test', null] },
  scopes: listOf(oneOf(SCOPES)),
  readOnly: boolean,
  actAs: { anyOf: [actAs, { type: 'null' }] },
  screens: { type: ['array', 'null'], items: string },
  theme: { anyOf: [theme, { type: 'null' }] },
  returnUrl: nullable(string),
  idleEndsAt: { ...nullable(time), description: 'Null where the session has no idle limit.' },
  endsAt: time,
})

/** With a key, or with a login token. */
export const newSession = {
  ...object({ 'apiKey?': text(1, 255), 'loginToken?': text(1, 255) }),
  oneOf: [{ required: ['apiKey'] }, { required: ['loginToken'] }],
}
export const sessionEnded = object({ ended: { const: true } })

export const newLogin = object({ 'expiresInSeconds?': { type: 'integer', minimum: 60, maximum: 600 } })
export const login = object({ loginToken: string, url: string, expiresAt: time })

export const newActAs = object({
  organizationId: text(1, 64),
  environment,
  'write?': boolean,
  'reason?': text(1, 500),
})

const SEVEN_DAYS_S = 604_800
export const newConsoleLink = object({
  environment,
  scopes: { type: 'array', items: oneOf(SCOPES), minItems: 1, maxItems: SCOPES.length },
  'readOnly?': boolean,
  'expiresInSeconds?': { type: 'integer', minimum: 60, maximum: SEVEN_DAYS_S },
  'screens?': { type: 'array', items: text(1, 60), minItems: 1, maxItems: 40 },
  'theme?': theme,
  'returnUrl?': text(1, 2_000, { pattern: '^https?://[^\\s]+$' }),
})
