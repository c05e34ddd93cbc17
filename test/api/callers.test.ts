import { describeFields } from './callers/fields.ts'
import { describeQueries } from './callers/queries.ts'
import { describeRequests } from './callers/requests.ts'
import { useCallers } from './callers/set-up.ts'

useCallers()

describeRequests()
describeQueries()
describeFields()
