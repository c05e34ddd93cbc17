/** A program that reads with a bus over Kafka, in a process of its own, to be killed. Prints `begin` and `end` with the marker of each event. */
import { setTimeout as pause } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import { KafkaBus } from '../../../sdks/bus/src/index.ts'

const { client, publishTopic, readTopic, groupId, handlerMs } = JSON.parse(process.argv[2]!)
const kafka = new kafkajs.Kafka({ ...client, logLevel: kafkajs.logLevel.NOTHING })
// The shortest that brokers take: the partitions of a killed member wait for its end.
const bus = new KafkaBus({ kafka, publishTopic, readTopic, groupId, fromBeginning: true, sessionTimeoutMs: 6_000 })
bus.on('error', error => console.error(error.message))
bus.subscribe(async ({ payload }) => {
  const { kind } = payload as { kind: string }
  console.log(`begin ${kind}`)
  await pause(handlerMs)
  console.log(`end ${kind}`)
})
await bus.ready()
console.log('ready')
process.once('SIGTERM', () => void bus.close().then(() => process.exit(0)))
