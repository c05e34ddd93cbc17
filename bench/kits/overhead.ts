/** Emits by the kit and by bare fetch in turn; prints the medians in milliseconds. */
import { createClient } from '../../sdks/typescript/src/index.ts'
import { median } from '../rates.ts'

const [, , url, count, payloadJson] = process.argv as [string, string, string, string, string]
const WARM = 50
const payload = JSON.parse(payloadJson) as object
const client = createClient({ baseUrl: url, apiKey: 'k' })
const headers = { authorization: 'Bearer k', 'content-type': 'application/json' }
const body = JSON.stringify({ name: 'a.b', payload })

const calls = {
  bare: () => fetch(`${url}/api/v1/events/custom/emit`, { method: 'POST', headers, body }).then(each => each.json()),
  kit: () => client.events.custom.emit({ name: 'a.b', payload }),
}
const times: Record<string, number[]> = { bare: [], kit: [] }
for (let at = 0; at < Number(count) + WARM; at++)
  for (const [name, call] of Object.entries(calls)) {
    const beginMs = performance.now()
    await call()
    if (at >= WARM) times[name]!.push(performance.now() - beginMs)
  }
console.log(JSON.stringify(Object.fromEntries(Object.entries(times).map(([name, each]) => [name, median(each)]))))
