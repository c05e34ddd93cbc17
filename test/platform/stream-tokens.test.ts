/** Stream tokens and WebSockets: how browsers read events, on a whole platform. */

import { useStreamTokens } from './stream-tokens/set-up.ts'
import { describeTokens } from './stream-tokens/tokens.ts'
import { describeWebSockets } from './stream-tokens/web-sockets.ts'

useStreamTokens()

describeTokens()
describeWebSockets()
