/**
 * The partitions that a shard reads: its own of `platform.emits`, and the ingress of each of its organizations in the
 * current control view.
 */

import type { ShardHandle } from '../../src/kafka/ports.ts'
import { shardOf } from '../../src/kafka/shards.ts'
import type { Logger } from '../../src/logger.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import type { Environment } from '../../src/model/environments.ts'
import type { Organization } from '../../src/model/organizations.ts'
import { emits } from '../../topics/emits.ts'
import { platformEmits } from '../../topics/platform-emits.ts'
import type { AdmissionState } from './admission-state.ts'

export interface Input {
  organizationId: string
  environment: Environment
}

export interface InputPartition {
  topic: string
  partition: number
}

export interface Inputs {
  start(): void
  /** The organization of a topic. */
  of(topic: string): Input | undefined
  /** `leaderEpoch`: of the last record before `nextOffset`; a fetch may hold records of several. */
  advance(topic: string, partition: number, nextOffset: number, leaderEpoch?: number): void
  /** Removes the deleted organizations of the shard that are due, each once, with their former partitions. */
  takeDeleted(
    isDue: (organization: Organization) => boolean,
  ): Array<{ organization: Organization; partitions: InputPartition[] }>
  /** A removal was rolled back. */
  rollback(): void
  close(): void
}

export function createInputs(deps: {
  handle: ShardHandle
  state: AdmissionState
  view: ControlView
  shards: number
  logger: Logger
}): Inputs {
  const { handle, state, view } = deps
  const byTopic = new Map<string, Input>()
  const assigned = new Set<string>()
  /** The deleted organizations of the shard. */
  const deleted = new Map<string, Organization>()
  let stopListening: () => void = () => undefined

  function follow(organization: Organization): void {
    if (shardOf(organization.id, deps.shards) !== handle.shard) return
    const isDeleted = organization.status === 'deleted'
    if (isDeleted) deleted.set(organization.id, organization)
    for (const environment of environmentsOf(organization))
      byTopic.set(emits.nameFor(organization.id, environment), { organizationId: organization.id, environment })
    for (const { topic, partition } of partitionsOf(organization)) {
      if (isDeleted) leave(topic, partition)
      else read(topic, partition)
    }
  }

  function read(topic: string, partition: number): void {
    const key = `${topic}/${partition}`
    if (assigned.has(key)) return
    assigned.add(key)
    handle.assign(topic, partition, state.position(topic, partition) ?? 'earliest', state.known(topic, partition))
  }

  function leave(topic: string, partition: number): void {
    if (assigned.delete(`${topic}/${partition}`)) handle.unassign(topic, partition)
  }

  return {
    start() {
      read(platformEmits.name, handle.shard)
      for (const organization of view.organizations()) follow(organization)
      stopListening = view.onChange((kind, organizationId) => {
        const organization = kind === 'organization' ? view.organization(organizationId) : undefined
        if (organization) follow(organization)
      })
      deps.logger.debug({ shard: handle.shard, partitions: assigned.size }, 'reading the ingress')
    },
    of: topic => byTopic.get(topic),
    advance(topic, partition, nextOffset, leaderEpoch) {
      const known = handle.position(topic, partition)
      state.advance(topic, partition, nextOffset, known && { ...known, leaderEpoch: leaderEpoch ?? known.leaderEpoch })
    },
    takeDeleted(isDue) {
      const due = [...deleted.values()].filter(isDue)
      for (const organization of due) {
        deleted.delete(organization.id)
        for (const environment of environmentsOf(organization))
          byTopic.delete(emits.nameFor(organization.id, environment))
      }
      return due.map(organization => ({ organization, partitions: partitionsOf(organization) }))
    },
    rollback() {
      for (const organization of view.organizations()) if (organization.status === 'deleted') follow(organization)
    },
    close: () => stopListening(),
  }
}

const environmentsOf = ({ testEnvironment }: Organization): Environment[] =>
  testEnvironment ? ['live', 'test'] : ['live']

function partitionsOf(organization: Organization): InputPartition[] {
  const topics = environmentsOf(organization).map(environment => emits.nameFor(organization.id, environment))
  const numbers = Array.from({ length: organization.partitions }, (_, partition) => partition)
  return topics.flatMap(topic => numbers.map(partition => ({ topic, partition })))
}
