/** The operator's requests to a cluster whose brokers come and go: to any that serves, repeated, or until all of them agree. */
import { ask, type OperatorRequest } from './operator.ts'
import type { ClusterState, PartitionState } from './operator-requests.ts'
import * as requests from './operator-requests.ts'
import { until } from './until.ts'

export type OperatorCalls = ReturnType<typeof createOperatorCalls>

export function createOperatorCalls({
  serving,
  portOf,
  login,
}: {
  /** The brokers that serve now. */
  serving(): number[]
  portOf(n: number): number
  login: { username: string; password: string }
}) {
  async function askAny<T>(request: OperatorRequest<T>, n?: number): Promise<T> {
    let last: unknown = new Error('no broker serves')
    for (const each of n === undefined ? serving() : [n]) {
      try {
        return await ask(portOf(each), login, request)
      } catch (error) {
        last = error
      }
    }
    throw last
  }

  /** For what a cluster that has just been struck may refuse for a moment. */
  async function surely<T>(request: OperatorRequest<T>): Promise<T> {
    let last: unknown
    const answer = await until(request.apiName, async () => {
      try {
        return { value: await askAny(request) }
      } catch (error) {
        last = error
        return undefined
      }
    }).catch(error => {
      throw new Error(`${(error as Error).message}; ${last}`, { cause: last })
    })
    return answer.value
  }

  /** Whether it holds in the eyes of every broker that serves. A broker that does not answer has no say yet. */
  const everybodySees = (
    what: string,
    topics: readonly string[] | 'all',
    holds: (state: ClusterState) => boolean,
  ): Promise<true> =>
    until(what, async () => {
      const views = await Promise.all(
        serving().map(n => askAny(requests.describeTopics(topics), n).catch(() => undefined)),
      )
      return views.length > 0 && views.every(view => view !== undefined && holds(view))
    })

  async function partition(topic: string, number: number): Promise<PartitionState> {
    const { topics } = await surely(requests.describeTopics([topic]))
    const found = topics[0]?.partitions.find(each => each.partition === number)
    if (!found) throw new Error(`there is no ${topic}/${number}`)
    return found
  }

  return { askAny, surely, everybodySees, partition }
}

/** The leader of a partition; -1: none. */
export const led = ({ topics }: ClusterState, topic: string, partition: number): number =>
  topics.find(each => each.topic === topic)?.partitions.find(each => each.partition === partition)?.leader ?? -1
