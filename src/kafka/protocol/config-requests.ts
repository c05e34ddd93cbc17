/** One setting of topics, to bytes and back: DescribeConfigs 4 and IncrementalAlterConfigs 1, which leaves the other settings as they are. */
import { type CompactReader, compact, compactArray, flexibleRequest, NO_TAGS, type Part } from './flexible.ts'
import type { WireRequest } from './types.ts'

const DESCRIBE_CONFIGS = 32
const INCREMENTAL_ALTER_CONFIGS = 44
const TOPIC = 2
/** Set for the topic itself, rather than a default of the brokers. */
const OWN = 1
const SET = 0
const DELETE = 1
const NO = Buffer.of(0)
const NULL = Buffer.of(0)
const TIMEOUT_MS = 4_000

/** Answers the setting's own value by topic, undefined where a default holds. Topics that cannot be described are left out. */
export function topicSettingRequest(topics: readonly string[], name: string): WireRequest<Map<string, string | undefined>> {
  const resources = topics.map(topic => [Buffer.of(TOPIC), compact(topic), compactArray([[compact(name)]]), NO_TAGS])
  return flexibleRequest({
    apiKey: DESCRIBE_CONFIGS,
    apiVersion: 4,
    apiName: 'DescribeConfigs',
    body: [compactArray(resources), NO, NO], // neither synonyms nor documentation
    timeoutMs: TIMEOUT_MS,
    decode(reader) {
      reader.int32() // throttle time
      const found = reader.array(() => readResource(reader))
      return new Map(found.filter(({ errorCode }) => errorCode === 0).map(({ topic, own }) => [topic, own]))
    },
  })
}

function readResource(reader: CompactReader): { errorCode: number; topic: string; own: string | undefined } {
  const errorCode = reader.int16()
  reader.string() // the error in words
  reader.int8() // kind of resource
  const topic = reader.string()
  const [own] = reader.array(() => readSetting(reader))
  reader.tags()
  return { errorCode, topic, own }
}

function readSetting(reader: CompactReader): string | undefined {
  reader.string() // name
  const value = reader.string()
  reader.int8() // read-only
  const source = reader.int8()
  reader.int8() // sensitive
  reader.array(() => undefined) // synonyms: none were asked for
  reader.int8() // type
  reader.string() // documentation
  reader.tags()
  return source === OWN ? value : undefined
}

/** Sets it for each of these topics, or lets the default hold again. Throws the first error. */
export function alterTopicSettingRequest(topics: ReadonlyMap<string, string | undefined>, name: string): WireRequest<void> {
  const resources = [...topics].map(([topic, value]): Part[] => {
    const change = [compact(name), Buffer.of(value === undefined ? DELETE : SET), value === undefined ? NULL : compact(value), NO_TAGS]
    return [Buffer.of(TOPIC), compact(topic), compactArray([change]), NO_TAGS]
  })
  return flexibleRequest({
    apiKey: INCREMENTAL_ALTER_CONFIGS,
    apiVersion: 1,
    apiName: 'IncrementalAlterConfigs',
    body: [compactArray(resources), NO], // not only validated
    timeoutMs: TIMEOUT_MS,
    decode(reader) {
      reader.int32() // throttle time
      reader.array(() => {
        reader.error(`the setting ${name} of a topic`)
        reader.int8()
        reader.string()
        reader.tags()
      })
    },
  })
}
