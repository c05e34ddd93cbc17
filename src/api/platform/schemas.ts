import { boolean, integer, listOf, nullable, object, string, time } from '../http/schema-parts.ts'

const shards = { type: 'object', additionalProperties: listOf(integer), description: 'Numbers of shards by role.' }

const processStatus = object({
  ...{ id: string, roles: listOf(string), version: string, startedAt: time, lastSeenAt: time, shards },
  missing: { ...listOf(string), description: 'The parts that are not ready, in sentences.' },
})

const roleStatus = object({
  role: string,
  shards: { ...integer, description: 'Shards that the role has; 0 of api.' },
  running: { ...integer, description: 'Shards that run; of api, processes that take calls.' },
  lagRecords: { ...integer, description: 'Records of its inputs that wait.' },
  lagSeconds: { ...integer, description: 'Age of the oldest of them.' },
})

export const status = object({
  version: string,
  processes: listOf(processStatus),
  roles: listOf(roleStatus),
  kafka: object({
    version: nullable(string),
    brokers: listOf(object({ id: integer, host: string, alive: boolean })),
    offlinePartitions: { ...integer, description: 'Of the topics that this process uses.' },
    belowMinIsr: integer,
  }),
  history: object({
    reachable: boolean,
    behindSeconds: { ...nullable(integer), description: 'Null: no process of the role record reports.' },
  }),
  disk: listOf(object({ part: string, usedBytes: integer, freeBytes: integer })),
  checkedAt: time,
})
