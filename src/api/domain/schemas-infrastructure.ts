/** Instances, deployments, health checks and domains: Ctrl Plane's part of the reference domain. */
import { boolean, integer, nullable, number, object, oneOf, string, text, time } from '../http/schema-parts.ts'

const NAME_MAX = 255
const REPLICAS_MAX = 1_000
const HOSTNAME = '^(?=.{4,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?[.])+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$'
const id = text(1, NAME_MAX)
const times = { revision: integer, created_at: time, updated_at: time }
const replicas = { type: 'integer', minimum: 0, maximum: REPLICAS_MAX }
const reason = text(0, 1_000)

const INSTANCE_STATUSES = ['created', 'running', 'stopped', 'failed', 'suspended', 'deleted']
export const newInstance = object({ name: id, image: id, 'replicas?': replicas })
export const withReason = object({ 'reason?': reason })
export const instanceScaling = object({ replicas, 'reason?': reason })
export const instance = object({
  id: string,
  name: string,
  image: string,
  replicas: integer,
  status: oneOf(INSTANCE_STATUSES),
  before_suspension: nullable(string),
  ...times,
})

export const newDeployment = object({ instance_id: id, release: id, 'strategy?': text(1, 60) })
export const deployment = object({
  id: string,
  instance_id: string,
  release: string,
  strategy: string,
  status: oneOf(['started', 'succeeded', 'failed', 'rolled_back']),
  reason: nullable(string),
  ...times,
})

export const newHealth = object({
  check_id: id,
  status: oneOf(['passed', 'failed']),
  'latency_ms?': { type: 'number', minimum: 0 },
  'message?': text(0, 1_000),
})
export const health = object({
  id: string,
  instance_id: string,
  check_id: string,
  status: oneOf(['passed', 'failed']),
  degraded: { ...boolean, description: 'After three failures in a row, until it passes.' },
  failures_in_a_row: integer,
  latency_ms: number,
  message: string,
  ...times,
})

export const newDomain = object({ hostname: { type: 'string', pattern: HOSTNAME, maxLength: 253 } })
export const verification = object({
  'certificate_days?': {
    type: 'integer',
    minimum: 1,
    maximum: 825,
    description: 'How long its certificate lasts; 90 unless set.',
  },
})
export const domain = object({
  id: string,
  hostname: string,
  status: oneOf(['added', 'verified', 'removed']),
  certificate: {
    ...object({ status: oneOf(['pending', 'provisioned', 'expiring', 'expired']), expires_at: nullable(time) }),
    type: ['object', 'null'],
  },
  ...times,
})
