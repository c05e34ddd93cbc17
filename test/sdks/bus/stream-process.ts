/** A program that reads with a bus over the stream, in a process of its own, to be killed. Prints `begin` and `end` with the marker of each event. */
import { setTimeout as pause } from 'node:timers/promises'
import { FileCursorStore, StreamBus } from '../../../sdks/bus/src/index.ts'

const { url, apiKey, file, handlerMs } = JSON.parse(process.argv[2]!)
const bus = new StreamBus({ url, apiKey, cursors: new FileCursorStore(file), from: 'earliest' })
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
