/** Signing in to the console, over HTTP: by key, by token, by link, and as the operator inside an organization. */
import { describeKeys } from './sessions/keys.ts'
import { describeOperator } from './sessions/operator.ts'

describeKeys()
describeOperator()
