/** The Kafka of a run: one embedded broker, or a cluster of three. */
import type { KafkaSettings } from '../src/kafka/protocol/wire.ts'
import type { Cluster } from '../test/cluster/cluster.ts'
import type { Fault } from './schedule.ts'

export interface Brokers {
  connection(): Required<Pick<KafkaSettings, 'brokers'>> & { username: string; password: string }
  /** Settings of the platform's processes that follow from the number of brokers. */
  env: Readonly<Record<string, string>>
  /** Each strikes and repairs; `topics`: of an organization drawn by chance, for strikes that concern one alone. */
  faults(deps: { logOf(chance: () => number): string }): Fault[]
  /** Of three brokers. */
  cluster?: Cluster
  close(): Promise<void>
}
