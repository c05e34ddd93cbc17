/** The operator's requests about settings of topics. */
import { compact, compactArray, NO_TAGS } from '../../src/kafka/protocol/flexible.ts'
import { flag, NULL, request } from './operator-fields.ts'

const DESCRIBE_CONFIGS = 32
const INCREMENTAL_ALTER_CONFIGS = 44
const TOPIC_RESOURCE = 2
const SET = 0

export interface TopicConfig {
  value: string
  /** Set for this topic itself, rather than by a default of the brokers. */
  isOwn: boolean
}

/** All settings of each of these topics, by name. */
export function describeConfigs(topics: readonly string[]) {
  const resources = topics.map(name => [Buffer.of(TOPIC_RESOURCE), compact(name), NULL, NO_TAGS])
  return request(
    DESCRIBE_CONFIGS,
    4,
    'DescribeConfigs',
    [compactArray(resources), flag(false), flag(false)],
    reader => {
      reader.int32()
      const found = reader.array((): [string, Record<string, TopicConfig>] => {
        reader.error('the settings of a topic')
        reader.int8()
        const topic = reader.string()
        const settings = reader.array((): [string, TopicConfig] => {
          const [name, value] = [reader.string(), reader.string()]
          reader.int8()
          const isOwn = reader.int8() === 1
          reader.int8()
          reader.array(() => undefined) // synonyms: none were requested
          reader.int8()
          reader.string()
          reader.tags()
          return [name, { value, isOwn }]
        })
        reader.tags()
        return [topic, Object.fromEntries(settings)]
      })
      return new Map(found)
    },
  )
}

/** Changes these settings of a topic and leaves its others alone. */
export function alterConfigs(topic: string, settings: Readonly<Record<string, string>>) {
  const changes = Object.entries(settings).map(([name, value]) => [
    compact(name),
    Buffer.of(SET),
    compact(value),
    NO_TAGS,
  ])
  const resource = [Buffer.of(TOPIC_RESOURCE), compact(topic), compactArray(changes), NO_TAGS]
  return request(
    INCREMENTAL_ALTER_CONFIGS,
    1,
    'IncrementalAlterConfigs',
    [compactArray([resource]), flag(false)],
    reader => {
      reader.int32()
      reader.array(() => {
        reader.error(`the settings of ${topic}`)
        reader.int8()
        reader.string()
        reader.tags()
      })
    },
  )
}
