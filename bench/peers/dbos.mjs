/** DBOS behind a bare HTTP server: POST /noop and /asking run the flow, and answer when it has ended. */
import { createServer } from 'node:http'
import { DBOS } from '@dbos-inc/dbos-sdk'
import { asking, noop } from './flow.mjs'

DBOS.setConfig({ name: 'bench', systemDatabaseUrl: process.env.DATABASE_URL, logLevel: 'error', runAdminServer: false })
const step = (name, work) => DBOS.runStep(work, { name })
const flows = {
  '/noop': DBOS.registerWorkflow(given => noop(given, step), { name: 'noop' }),
  '/asking': DBOS.registerWorkflow(given => asking(given, step), { name: 'asking' }),
}
await DBOS.launch()

const server = createServer(async (request, response) => {
  try {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    // Not called on the list: DBOS takes `this` for an instance.
    const flow = flows[request.url]
    const answer = await flow(JSON.parse(Buffer.concat(chunks).toString()))
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  } catch (error) {
    response.writeHead(500).end(String(error))
  }
})
server.listen(Number(process.env.PORT), '127.0.0.1')
