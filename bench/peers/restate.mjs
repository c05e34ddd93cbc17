/** The service that Restate's server calls: `flow/noop` and `flow/asking`. */
import * as restate from '@restatedev/restate-sdk'
import { asking, noop } from './flow.mjs'

const handler = flow => (context, given) => flow(given, (name, work) => context.run(name, work))

const flow = restate.service({ name: 'flow', handlers: { noop: handler(noop), asking: handler(asking) } })
await restate.serve({ services: [flow], port: Number(process.env.PORT) })
